/**
 * An HTTP server that is there to be killed, stopped and slowed: `node victim-program.js PORT`. Prints `listening`, and
 * `asked ID` for the X-Id of each request before it answers. SIGUSR2 makes it slow, and well again.
 */
import { writeSync } from 'node:fs';
import { createServer } from 'node:http';

const [port = '0', delay = '0'] = process.argv.slice(2);
let slow = false;

process.on('SIGUSR2', () => {
  slow = !slow;
  say(slow ? 'slow' : 'well');
});

/** At once: what was said before a SIGKILL has been said. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

createServer((message, response) => {
  const id = message.headers['x-id'];
  if (typeof id === 'string') say(`asked ${id}`);
  message.resume();
  if (slow) setTimeout(() => response.end('fine'), Number(delay));
  else response.end('fine');
}).listen(Number(port), '127.0.0.1', () => say('listening'));
