/** `waffo doctor`: why a merchant's request was refused, in words. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { operations } from '@waffo/protocol/operations/all';
import { Command } from 'commander';
import { configFrom } from '../config.ts';
import { withGround } from '../ground.ts';
import { diagnose } from '../http/diagnose.ts';
import { readSentRequest } from '../http/sent-request.ts';
import { openPlatformKeys } from '../merchant/platform-keys.ts';

export const doctorCommand = (): Command =>
  new Command('doctor')
    .description('say why a signed request was refused')
    .argument(
      '<file>',
      'the request as it was sent: request line, headers, an empty line, the body; - reads standard input',
    )
    .addHelpText('after', example)
    .action(doctor);

const example = `
The file holds what was on the wire, for example

  POST /api/v1/order/inquiry HTTP/1.1
  Content-Type: application/json
  X-API-KEY: wk_test_...
  X-SIGNATURE: base64...

  {"paymentRequestId":"p_1"}

It exits with 1 when it finds why the request is refused.`;

async function doctor(file: string): Promise<void> {
  const bytes = file === '-' ? await buffer(process.stdin) : await readFile(file);
  const sent = readSentRequest(bytes);
  await withGround(configFrom(), async (ground) => {
    const platformKeys = await openPlatformKeys(ground);
    const findings = await diagnose({ ...ground, platformKeys }, operations, sent);
    for (const { ok, says } of findings) process.stdout.write(`  ${ok ? '✔' : '✘'} ${says}\n`);
    if (findings.some(({ ok }) => !ok)) process.exitCode = 1;
  });
}
