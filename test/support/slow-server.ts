/** An HTTP server: `node slow-server.js NAME PORT DELAY`. Answers with its name after DELAY ms. */
import { createServer } from 'node:http';

const [name = '', port = '8001', delay = '0'] = process.argv.slice(2);

createServer((_, response) => setTimeout(() => response.end(name), Number(delay))).listen(Number(port), () =>
  console.log('listening'),
);
