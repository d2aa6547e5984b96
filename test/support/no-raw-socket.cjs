// Preloaded: the addon raw-socket is there, but was compiled for another version of Node.js.
const Module = require('node:module');

const load = Module._load;
Module._load = function (request, ...rest) {
  if (request === 'raw-socket') throw new Error('compiled against a different Node.js version\nand more');
  return load.call(this, request, ...rest);
};
