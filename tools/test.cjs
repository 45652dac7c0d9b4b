'use strict';
// `npm test`: installs what is missing, then hands over to tools/test.ts.
const { join } = require('node:path');
const { ensurePackages, root, run } = require('./launch.cjs');

ensurePackages(true);
run([join(root, 'tools', 'test.ts'), ...process.argv.slice(2)]);
