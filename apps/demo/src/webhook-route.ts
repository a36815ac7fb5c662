/** `/webhook`: the bytes as they came go to the SDK, which verifies them and signs the acknowledgement. */
import type { Waffo } from '@waffo/waffo-node';
import type { FastifyInstance } from 'fastify';
import type { WebhookLog } from './webhook-log.ts';

/** A parsed body would not have the signed bytes any more, so nothing on this road parses before the SDK does. */
export async function addWebhookRoute(http: FastifyInstance, waffo: Waffo, log: WebhookLog): Promise<void> {
  const webhook = waffo
    .webhook()
    .onTokenization(() => {})
    .onPayment(() => {})
    .onRefund(() => {})
    .onSubscriptionStatus(() => {})
    .onSubscriptionPeriod(() => {})
    .onSubscriptionChange(() => {});
  await http.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.post('/webhook', async (request, reply) => {
      const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const answer = await webhook.handleWebhook(rawBody, request.headers['x-signature']?.toString());
      const body = answer.event ?? parsed(rawBody);
      log.add({
        receivedAt: new Date().toISOString(),
        verified: answer.success,
        eventType: body?.eventType ?? 'not a notification',
        ...(answer.error !== undefined && { problem: answer.error.message }),
        body,
      });
      return reply.code(answer.status).headers(answer.headers).send(answer.body);
    });
  });
}

function parsed(rawBody: Buffer): { eventType?: string } | undefined {
  try {
    return JSON.parse(rawBody.toString());
  } catch {
    return undefined;
  }
}
