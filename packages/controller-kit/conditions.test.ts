import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCondition, withoutCondition } from './conditions.ts';

const ready = { type: 'Ready', status: 'True', reason: 'R', message: 'm', lastTransitionTime: '1' };

test('a condition that says the same leaves the very list', () => {
  const list = [ready];
  assert.equal(withCondition(list, { ...ready, lastTransitionTime: '2' }), list);
  assert.equal(withoutCondition(list, 'Other'), list);
});

test('the transition time changes with the status only', () => {
  const worded = withCondition([ready], { ...ready, message: 'n', lastTransitionTime: '2' });
  assert.deepEqual(worded, [{ ...ready, message: 'n' }]);
  const turned = withCondition([ready], { ...ready, status: 'False', lastTransitionTime: '2' });
  assert.deepEqual(turned, [{ ...ready, status: 'False', lastTransitionTime: '2' }]);
  assert.deepEqual(withCondition([], ready), [ready]);
  assert.deepEqual(withoutCondition([ready], 'Ready'), []);
});
