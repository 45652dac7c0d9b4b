'use strict';
// Runs a TypeScript tool with everything that development needs: node tools/run.cjs tools/check.ts …
const { ensurePackages, run } = require('./launch.cjs');

ensurePackages(true);
run(process.argv.slice(2));
