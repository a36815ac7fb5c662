import { describe, expect, test } from 'vitest';
import { createLog } from './log.ts';
import { measure } from './metrics.ts';

function measured(level: string) {
  const lines: string[] = [];
  return { lines, ...measure(createLog({ level, write: (line) => lines.push(line) })) };
}

describe('what the log says', () => {
  test('is counted by operation and code, with its time', async () => {
    const { log, metrics } = measured('info');
    log.info('answered', { operation: '/order/create', code: '0', status: 200, ms: 4, merchantId: 'M_1' });
    log.info('answered', { operation: '/order/create', code: 'A0037', status: 400, ms: 40, merchantId: 'M_2' });
    log.info('answered', { code: 'A0003', status: 404, ms: 1 });
    const text = await metrics.text(0);
    expect(text).toContain('waffo_requests_total{operation="/order/create",code="0"} 1');
    expect(text).toContain('waffo_requests_total{operation="/order/create",code="A0037"} 1');
    expect(text).toContain('waffo_requests_total{operation="none",code="A0003"} 1');
    expect(text).toContain('waffo_request_seconds_bucket{le="0.005",operation="/order/create"} 1');
    expect(text).toContain('waffo_request_seconds_count{operation="/order/create"} 2');
  });

  test('is counted of pages by path and status, and of acquirers by what came of a call', async () => {
    const { log, metrics } = measured('info');
    log.info('answered', { operation: 'POST /checkout/:acquiringOrderId/:secret', status: 422, ms: 4 });
    const call = { merchantId: 'M_1', connector: 'iso8583', verb: 'purchase' };
    log.debug('the acquirer was asked', { ...call, outcome: 'declined', ms: 40, detail: 'DO_NOT_HONOR' });
    const text = await metrics.text(0);
    expect(text).toContain('waffo_pages_total{page="POST /checkout/:acquiringOrderId/:secret",status="422"} 1');
    expect(text).not.toMatch(/waffo_requests_total\{/);
    expect(text).toContain('waffo_acquirer_calls_total{connector="iso8583",verb="purchase",outcome="declined"} 1');
    expect(text).toContain('waffo_acquirer_seconds_bucket{le="0.05",connector="iso8583",verb="purchase"} 1');
    expect(text).not.toContain('DO_NOT_HONOR');
  });

  test('is counted also when its level is not written', async () => {
    const { log, metrics, lines } = measured('error');
    log.debug('a job ended', { job: 'webhook/deliver', jobOutcome: 'done' });
    log.warn('something is odd');
    expect(lines).toEqual([]);
    const text = await metrics.text(0);
    expect(text).toContain('waffo_jobs_total{job="webhook/deliver",outcome="done"} 1');
    expect(text).toContain('waffo_log_lines_total{level="warn"} 1');
  });

  test('names no merchant and no object in a label', async () => {
    const { log, metrics } = measured('info');
    log.info('answered', { operation: '/order/create', code: '0', ms: 1, merchantId: 'M_SHOP', requestId: 'r_1' });
    expect(await metrics.text(0)).not.toMatch(/M_SHOP|r_1/);
  });

  test('says how far behind the jobs are, and nothing while the database does not answer', async () => {
    const { metrics } = measured('info');
    expect(await metrics.text(61_500)).toContain('waffo_queue_lag_seconds 61.5');
    expect(await metrics.text(undefined)).toMatch(/waffo_queue_lag_seconds Nan/i);
  });

  test('begins at none, so that an alert on the rate of warnings sees the first', async () => {
    expect(await measured('info').metrics.text(0)).toContain('waffo_log_lines_total{level="error"} 0');
  });

  test('comes with the state of the process', async () => {
    expect(await measured('info').metrics.text(0)).toMatch(
      /nodejs_eventloop_lag_seconds|process_resident_memory_bytes/,
    );
  });
});
