/** `waffo merchant-key`: a merchant's keys, issued, proved, replaced and revoked. */
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { keyIdOf } from '../id.ts';
import {
  claimPublicKey,
  issueApiKey,
  issueClientKey,
  provePublicKey,
  revokeApiKey,
  revokeClientKey,
  revokePublicKey,
  setClientKeyOrigins,
} from '../merchant/keys.ts';
import { changing } from './administering.ts';
import { printLines } from './print.ts';

export const merchantKeyCommand = (): Command =>
  new Command('merchant-key')
    .description("issue, prove, replace and revoke a merchant's keys; waffo merchant show lists them")
    .addCommand(claim())
    .addCommand(prove())
    .addCommand(issue())
    .addCommand(issueClient())
    .addCommand(origins())
    .addCommand(revoke());

const claim = () =>
  new Command('claim')
    .description("take a merchant's public key in, and print the challenge that proves it")
    .argument('<merchant>')
    .argument('<file>', 'its RSA public key, PEM or base64 of SubjectPublicKeyInfo')
    .action((merchantId: string, file: string) =>
      changing('merchant-key claim', merchantId, async (deps) => {
        const { keyId, challenge } = await claimPublicKey(deps, merchantId, await readFile(file, 'utf8'));
        printLines({ Key: keyId, Challenge: challenge });
        process.stdout.write(
          `\n  The merchant signs the challenge, exactly these characters and no line break:\n  printf %s '${challenge}' | openssl dgst -sha256 -sign private.pem | base64 -w0 > proof\n  waffo merchant-key prove ${merchantId} ${keyId} proof\n`,
        );
      }),
    );

const prove = () =>
  new Command('prove')
    .description('check the signed challenge; from then on the key verifies calls')
    .argument('<merchant>')
    .argument('<key>', 'as claim printed it')
    .argument('<file>', 'base64 of the signature')
    .action((merchantId: string, keyId: string, file: string) =>
      changing('merchant-key prove', merchantId, async (deps) => {
        await provePublicKey(deps, merchantId, keyId, (await readFile(file, 'utf8')).trim());
        process.stdout.write(`  ${keyId} is active\n`);
      }),
    );

const issue = () =>
  new Command('issue')
    .description('make another API key and print it, once')
    .argument('<merchant>')
    .action((merchantId: string) =>
      changing('merchant-key issue', merchantId, async (deps) => {
        const { keyId, apiKey } = await issueApiKey(deps, merchantId);
        printLines({ Key: keyId, 'API key': apiKey });
      }),
    );

const issueClient = () =>
  new Command('issue-client')
    .description('make another client key')
    .argument('<merchant>')
    .argument('<origin...>', 'origins whose pages may submit cards, e.g. https://shop.example')
    .action((merchantId: string, list: string[]) =>
      changing('merchant-key issue-client', merchantId, async (deps) => {
        const { keyId, clientApiKey } = await issueClientKey(deps, merchantId, list);
        printLines({ Key: keyId, 'Client key': clientApiKey });
      }),
    );

const origins = () =>
  new Command('origins')
    .description('set the origins of a client key; they replace what was there')
    .argument('<merchant>')
    .argument('<key>')
    .argument('[origin...]')
    .action((merchantId: string, keyId: string, list: string[]) =>
      changing('merchant-key origins', merchantId, async (deps) => {
        await setClientKeyOrigins(deps, merchantId, keyId, list);
        process.stdout.write(`  ${keyId}: ${list.join(' ') || 'no origins'}\n`);
      }),
    );

const revoke = () =>
  new Command('revoke')
    .description('refuse a key from now on')
    .argument('<merchant>')
    .argument(
      '<key>',
      'any key of the merchant: wk_... or wck_..., whole or as `waffo merchant show` has it, or the id of a public key',
    )
    .action((merchantId: string, key: string) =>
      changing('merchant-key revoke', merchantId, async (deps) => {
        const keyId = keyIdOf('wk', key) ?? keyIdOf('wck', key) ?? key;
        const revokeKind = keyId.startsWith('wk_')
          ? revokeApiKey
          : keyId.startsWith('wck_')
            ? revokeClientKey
            : revokePublicKey;
        await revokeKind(deps, merchantId, keyId);
        process.stdout.write(`  ${keyId} is revoked\n`);
      }),
    );
