// For Vitest: `setupFiles: ['leakwatch/vitest']`. Runs before each test file, within its realm where the pool gives it one;
// the state lives in the worker's own, which Node's own modules lead to while Vitest's do not.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const nodes = process.getBuiltinModule ? process.getBuiltinModule('module').createRequire : createRequire;

nodes(import.meta.url)(fileURLToPath(new URL('./lib/vitest.js', import.meta.url))).beforeFile(globalThis);
