/** The suite that every driver passes: each edge case of the contract, by name. */
import { describe } from 'node:test';
import { closeCases } from './close-cases.ts';
import { compactionCases } from './compaction-cases.ts';
import { expiryCases } from './expiry-cases.ts';
import { modelCases } from './model-cases.ts';
import { rangeCases } from './range-cases.ts';
import type { StoreFactory } from './store-under-test.ts';
import { transactionCases } from './transaction-cases.ts';
import { watchCases } from './watch-cases.ts';

export type { StoreFactory, StoreUnderTest } from './store-under-test.ts';

/** Registers the suite with node:test for the stores that `create` makes. `seeds`: how many random runs. */
export function storeSuite(
  name: string,
  create: StoreFactory,
  options: { readonly seeds?: number; readonly skip?: string | false } = {},
): void {
  describe(`${name} keeps the store's contract`, { skip: options.skip ?? false }, () => {
    transactionCases(create);
    rangeCases(create);
    watchCases(create);
    compactionCases(create);
    expiryCases(create);
    closeCases(create);
    modelCases(create, options.seeds ?? 5);
  });
}
