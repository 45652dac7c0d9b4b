/** The store in memory, for tests and simulation: synchronous inside, nothing survives it. */
export { MemoryStore } from './memory-store.ts';
