/**
 * The other end of the scale: the same work as one signed inquiry and one durable write, done without thought. Keys are
 * parsed for each call, signatures block the only thread, statements are neither named nor grouped. Nobody should run it.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';

async function serve(databaseUrl: string): Promise<void> {
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  const ours = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem).toString();
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 16 });
  await pool.query('create table if not exists naive (id serial primary key, body text, at timestamptz)');
  await pool.query('create table if not exists naive_outbox (id serial primary key, body text)');
  const theirs = createPublicKey(createPrivateKey(ours)).export({ type: 'spki', format: 'pem' }).toString();
  const server = createServer(async (incoming, response) => {
    const body = Buffer.concat(await incoming.toArray());
    verify('sha256', body, createPublicKey(theirs), Buffer.alloc(256, 1));
    const client = await pool.connect();
    await client.query('begin');
    await client.query('select * from naive where body = $1 limit 1', [String(body.length)]);
    const { rows } = await client.query('insert into naive (body, at) values ($1, now()) returning id', [String(body)]);
    await client.query('insert into naive_outbox (body) values ($1)', [String(body)]);
    await client.query('commit');
    client.release();
    const answer = JSON.stringify({ code: '0', msg: 'Success', data: { id: rows[0].id } });
    const signature = sign('sha256', Buffer.from(answer), createPrivateKey(ours)).toString('base64');
    response
      .writeHead(200, { 'content-type': 'application/json', 'x-signature': signature, 'content-length': answer.length })
      .end(answer);
  });
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
}

await serve(process.argv[2] ?? '');
