/** How long an acquirer may take. Silence is an unknown outcome, never a decline. */

/** A connector that does not answer within this time has not told the outcome. */
const connectorTimeoutMs = 30_000;

/** The answer, or `unknown` when it does not come in time. */
export async function inTime<Answer>(answer: Promise<Answer>): Promise<Answer | { readonly kind: 'unknown' }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<{ kind: 'unknown' }>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'unknown' }), connectorTimeoutMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
