/**
 * Keeps requests in flight: `node request-stream.js HOST [COUNT]`. Half of them on connections of their own, half on
 * kept ones. Prints a line of JSON for each when it is over. SIGTERM: none is begun any more, it ends with the last one.
 */
import { Agent, get } from 'node:http';

const [host = '', count = '20'] = process.argv.slice(2);
const PATIENCE_MS = 10_000;
let ending = false;
const kept = new Agent({ keepAlive: true });

function ask(index: number): void {
  if (ending) return;
  const at = Date.now();
  let by = '';
  let over = false;
  const end = (error: string): void => {
    if (over) return;
    over = true;
    console.log(JSON.stringify({ at, by, error, tookMs: Date.now() - at }));
    if (!ending) setTimeout(() => ask(index), 5);
  };
  const agent = index % 2 === 0 ? kept : false;
  const request = get({ host, port: 8000, path: '/', agent, timeout: PATIENCE_MS }, response => {
    response.on('data', (data: Buffer) => (by += data.toString()));
    response.on('end', () => end(response.statusCode === 200 ? '' : `status ${response.statusCode}`));
    response.on('error', error => end(error.message));
  });
  request.on('timeout', () => request.destroy(new Error('no answer')));
  request.on('error', error => end(error.message));
}

process.once('SIGTERM', () => {
  ending = true;
});
for (let index = 0; index < Number(count); index++) ask(index);
