import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Member, Type } from './service-table.ts';
import { loadTable, tableNames } from './tables.ts';

test('every operation of every table has its types, down to the last member, and patterns that compile', async () => {
  for (const name of tableNames) {
    const table = await loadTable(name);
    assert.equal(table.name, name);
    const seen = new Set<Type>();
    const visitMember = (member: Member) => {
      if (member.pattern !== undefined) assert.ok(compiles(member.pattern), `${name}: ${member.pattern}`);
      visit(member.type);
    };
    const visit = (type: Type) => {
      if (seen.has(type)) return;
      seen.add(type);
      if (type.kind === 'structure') type.members.forEach(visitMember);
      if (type.kind === 'list') visitMember(type.element);
      if (type.kind === 'map') [type.key, type.value].forEach(visitMember);
    };
    for (const operation of table.operationNames) {
      visit(table.operation(operation)!.input);
      visit(table.operation(operation)!.output);
    }
  }
});

function compiles(pattern: string): boolean {
  for (const flags of ['u', ''])
    try {
      new RegExp(pattern, flags);
      return true;
    } catch {}
  return false;
}

test('the tables hold what AWS documents', async () => {
  const sizes = { eks: 70, ec2: 823, iam: 180, sts: 11, ecr: 62 } as const;
  for (const [name, size] of Object.entries(sizes))
    assert.ok((await loadTable(name as keyof typeof sizes)).operationNames.length >= size, name);
  const eks = await loadTable('eks');
  assert.equal(eks.statusOf('ResourceNotFoundException'), 404);
  assert.deepEqual(eks.operation('CreateCluster')!.http, { method: 'POST', template: '/clusters', status: 200 });
  const required = eks.operation('CreateCluster')!.input.members.filter((member) => member.required);
  assert.deepEqual(
    required.map(({ name }) => name),
    ['name', 'roleArn', 'resourcesVpcConfig'],
  );
  assert.equal(eks.operation('toString'), undefined);
  const iam = await loadTable('iam');
  assert.equal(iam.statusOf('NoSuchEntity'), 404);
  assert.equal(iam.raw.xmlNamespace, 'https://iam.amazonaws.com/doc/2010-05-08/');
});
