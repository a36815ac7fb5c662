import { describe, expect, test } from 'vitest';
import { createLog, type LogFields } from './log.ts';

function recorded(write: (log: ReturnType<typeof createLog>) => void, level = 'debug') {
  const lines: string[] = [];
  write(createLog({ level, write: (line) => lines.push(line) }));
  return lines;
}

const one = (write: (log: ReturnType<typeof createLog>) => void) => JSON.parse(recorded(write)[0] ?? '');

describe('a line says what is declared and nothing else', () => {
  test('a member that is not on the list does not get in', () => {
    const fields = { requestId: 'r1', code: '0', body: 'the whole request', cvv: '123' } as LogFields;
    expect(one((log) => log.info('answered', fields))).toEqual({
      level: 30,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      msg: 'answered',
      requestId: 'r1',
      code: '0',
    });
  });

  test('of an error only name, message, stack and causes are written', () => {
    const error = Object.assign(new Error('outer', { cause: new TypeError('inner') }), {
      detail: 'Key (pan)=(1)',
      query: 'select',
    });
    const line = one((log) => log.error('failed', { error }));
    expect(Object.keys(line.error)).toEqual(['name', 'message', 'stack', 'cause']);
    expect(line.error.cause).toMatchObject({ name: 'TypeError', message: 'inner' });
  });

  test('a thrown value that is no error is named by its type only', () => {
    expect(one((log) => log.error('failed', { error: { pan: '1' } })).error).toBe('object');
  });

  test('an error that is its own cause ends', () => {
    const error: Error & { cause?: unknown } = new Error('round');
    error.cause = error;
    expect(recorded((log) => log.error('failed', { error }))).toHaveLength(1);
  });

  test('a card number in a message, a field or an error is replaced', () => {
    const pan = '4111 1111 1111 1111';
    const [line] = recorded((log) => log.warn(`m ${pan}`, { detail: `d ${pan}`, error: new Error(`e ${pan}`) }));
    expect(line).not.toMatch(/4111/);
    expect(line?.match(/\[pan\]/g)?.length).toBeGreaterThanOrEqual(3);
  });

  test('a line break in a value does not begin a second line', () => {
    const lines = recorded((log) => log.info('a\nb', { detail: 'c\n{"level":60}' }));
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd()).not.toContain('\n');
  });

  test('what is below the level is not written', () => {
    expect(recorded((log) => log.debug('noise'), 'info')).toEqual([]);
  });
});
