import { generateKeyPairSync, sign } from 'node:crypto';
import { acknowledgement } from '@waffo/protocol/acknowledgement';
import { describe, expect, test } from 'vitest';
import { type Answer, judge } from './acknowledgement.ts';

const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const newKey = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });

const signed = (body: string | Uint8Array, key = merchant.privateKey) =>
  sign('sha256', Buffer.from(body as string), key).toString('base64');

/** An answer that is right, with what the case changes; signed over its own body unless the case says otherwise. */
function answer(fields: Partial<Omit<Answer, 'body'>> & { body?: string | Uint8Array } = {}): Answer {
  const body = Buffer.from((fields.body ?? acknowledgement) as string);
  return {
    status: 200,
    contentType: 'application/json',
    truncated: false,
    signature: signed(body),
    ...fields,
    body,
  };
}

const strict = { publicKeys: [merchant.publicKey, newKey.publicKey], lenient: false };
const lenient = { ...strict, lenient: true };

const accepted: Record<string, Answer> = {
  'the published form': answer(),
  'a charset': answer({ contentType: 'application/json; charset=utf-8' }),
  'another case of the type': answer({ contentType: 'Application/JSON;charset=UTF-8' }),
  'white space where JSON allows it': answer({ body: ' {\r\n\t"message" : "success"\n}\n' }),
  'the signature of the second active key': answer({ signature: signed(acknowledgement, newKey.privateKey) }),
};

const refused: Record<string, [Answer, RegExp]> = {
  'message failed': [answer({ body: '{"message":"failed"}' }), /message "failed"/],
  'message unknown': [answer({ body: '{"message":"unknown"}' }), /message "unknown"/],
  'SUCCESS in capitals': [answer({ body: '{"message":"SUCCESS"}' }), /message "SUCCESS"/],
  'a blank in the word': [answer({ body: '{"message":"success "}' }), /message "success "/],
  'Message in capitals': [answer({ body: '{"Message":"success"}' }), /no message/],
  'a member besides': [answer({ body: '{"message":"success","code":"0"}' }), /more than one member/],
  'the member twice, failed first': [answer({ body: '{"message":"failed","message":"success"}' }), /more than one/],
  'the member twice, success first': [answer({ body: '{"message":"success","message":"failed"}' }), /"failed"/],
  'the code of another API': [answer({ body: '{"code":"SUCCESS"}' }), /no message/],
  'true for a word': [answer({ body: '{"message":true}' }), /no message/],
  'an array around it': [answer({ body: '[{"message":"success"}]' }), /not an object/],
  'a bare word': [answer({ body: '"success"' }), /not an object/],
  null: [answer({ body: 'null' }), /not an object/],
  'text that is not JSON': [answer({ body: 'success' }), /not JSON/],
  'a comma too many': [answer({ body: '{"message":"success",}' }), /not JSON/],
  'single quotes': [answer({ body: "{'message':'success'}" }), /not JSON/],
  'two objects': [answer({ body: '{"message":"success"}{"message":"success"}' }), /not JSON/],
  'a byte order mark': [answer({ body: `\ufeff${acknowledgement}` }), /not JSON/],
  'UTF-16': [answer({ body: Buffer.from(acknowledgement, 'utf16le') }), /not JSON/],
  'compressed bytes': [answer({ body: Buffer.from('1f8b0800000000000013', 'hex') }), /not JSON/],
  'a non-breaking blank': [answer({ body: '{"message":\u00a0"success"}' }), /not JSON/],
  'an empty body': [answer({ body: '' }), /empty body/],
  'more than the limit': [answer({ body: acknowledgement.padEnd(4096), truncated: true }), /more than 4 KB/],
  'status 201': [
    answer({ status: 201 }),
    /^your server answered 201; it must answer 200 with JSON \{"message":"success"\} and a valid X-SIGNATURE$/,
  ],
  'status 202': [answer({ status: 202 }), /202/],
  'status 204': [answer({ status: 204, body: '' }), /204/],
  'status 301': [answer({ status: 301 }), /301; redirects are not followed/],
  'status 400': [answer({ status: 400 }), /400/],
  'status 500': [answer({ status: 500 }), /500/],
  'text/html': [
    answer({ contentType: 'text/html' }),
    /^your server answered 200 with text\/html; it must answer 200 with JSON/,
  ],
  'text/json': [answer({ contentType: 'text/json' }), /text\/json/],
  'a type that only begins like JSON': [answer({ contentType: 'application/jsonp' }), /jsonp/],
  'another JSON type': [answer({ contentType: 'application/problem+json' }), /problem/],
  'no type': [answer({ contentType: undefined }), /without a Content-Type/],
  'the signature of another key': [answer({ signature: signed(acknowledgement, stranger.privateKey) }), /does not fit/],
  'the signature of another body': [answer({ signature: signed('{"message":"failed"}') }), /does not fit/],
  'a signature of the body without its white space': [
    answer({ body: '{ "message":"success" }', signature: signed(acknowledgement) }),
    /does not fit/,
  ],
  'a signature without padding': [answer({ signature: signed(acknowledgement).replace(/=+$/, '') }), /does not fit/],
  'the signature twice': [
    answer({ signature: `${signed(acknowledgement)}, ${signed(acknowledgement)}` }),
    /does not fit/,
  ],
  'a signature that is none': [answer({ signature: 'yes' }), /does not fit/],
};

describe('an acknowledgement counts', () => {
  test.each(Object.entries(accepted))('with %s', (_, given) => {
    expect(judge(given, strict)).toEqual({ ok: true });
  });

  test('without a signature only where the merchant switched that on', () => {
    expect(judge(answer({ signature: undefined }), lenient)).toEqual({ ok: true });
    expect(judge(answer({ signature: '' }), lenient)).toEqual({ ok: true });
    expect(judge(answer({ signature: undefined }), strict)).toEqual({
      ok: false,
      reason: expect.stringMatching(/^your server answered without X-SIGNATURE; /),
    });
  });
});

describe('an acknowledgement does not count', () => {
  test.each(Object.entries(refused))('with %s, strict or lenient', (_, [given, reason]) => {
    for (const rules of [strict, lenient]) {
      const verdict = judge(given, rules);
      expect(verdict).toEqual({ ok: false, reason: expect.stringMatching(reason) });
    }
  });

  test('when the merchant has no active key', () => {
    expect(judge(answer(), { publicKeys: [], lenient: false }).ok).toBe(false);
  });

  test('and what the receiver wrote is repeated only in short and printable', () => {
    const evil = `\u0000\u001b[31m${'x'.repeat(500)}`;
    for (const given of [answer({ contentType: evil }), answer({ body: JSON.stringify({ message: evil }) })]) {
      const verdict = judge(given, strict);
      expect(verdict.ok).toBe(false);
      const reason = verdict.ok ? '' : verdict.reason;
      expect(reason.length).toBeLessThan(200);
      expect(reason).not.toMatch(/[^ -~…]/);
    }
  });
});
