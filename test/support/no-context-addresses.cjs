// Preloaded: Node.js does not show where OpenSSL's contexts are, and says that it was asked.
const { writeSync } = require('node:fs');
const util = require('node:util');

const { inspect } = util;
util.inspect = Object.assign((value, ...rest) => {
  const shown = inspect(value, ...rest);
  if (!shown.startsWith('[External')) return shown;
  writeSync(2, 'an address was hidden\n');
  return '[External]';
}, inspect);
require('node:module').syncBuiltinESMExports();
