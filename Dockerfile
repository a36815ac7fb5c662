# The gateway as an image: built in one stage, its packages gathered in another, and neither tools nor sources in the last.
# It runs as an ordinary user, on a root file system that may be read-only; WAFFO_HOME is all it writes to.
# A whole version, so that two builds are of the same Node: `npm run prove:node` runs the tests on it. Raise it for its fixes.

FROM node:24.22.3-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN npm ci --no-audit --no-fund && npm run build

FROM node:24.22.3-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages/gateway/package.json packages/gateway/
# The embedded database is an optional package: an image uses a server of yours.
RUN npm ci --omit=dev --omit=optional -w @waffo/gateway --no-audit --no-fund

FROM node:24.22.3-bookworm-slim
ENV NODE_ENV=production WAFFO_HOST=0.0.0.0 WAFFO_HOME=/var/lib/waffo
RUN install -d -o node -g node -m 0700 /var/lib/waffo
WORKDIR /app
COPY --from=packages /app ./
COPY --from=build /app/packages/gateway/dist packages/gateway/dist
USER node
EXPOSE 4010
HEALTHCHECK --interval=5s --timeout=4s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4010/health/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "packages/gateway/dist/main.js"]
CMD ["serve"]
