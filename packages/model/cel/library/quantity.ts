import { parseQuantity, Quantity, QuantityError } from '../../quantity/quantity.ts';
import { CelFailure, CelOpaque, type CelValue } from '../values/value.ts';
import { type Implementation, type Overload, overload } from './declaration.ts';

/** Kubernetes' quantities: `quantity('500Mi').isLessThan(quantity('1Gi'))`. */

const nano = 1_000_000_000n;

class QuantityValue extends CelOpaque {
  readonly typeName = 'kubernetes.Quantity';
  readonly quantity: Quantity;
  constructor(quantity: Quantity) {
    super();
    this.quantity = quantity;
  }
  equals(other: CelOpaque): boolean {
    return other instanceof QuantityValue && this.quantity.compare(other.quantity) === 0;
  }
  toString(): string {
    return this.quantity.toString();
  }
}

function of(value: CelValue | undefined): Quantity {
  if (typeof value === 'bigint') return new Quantity(value * nano, 'DecimalExponent');
  return (value as QuantityValue).quantity;
}

function read(text: CelValue | undefined): QuantityValue | CelFailure {
  try {
    return new QuantityValue(parseQuantity(text as string));
  } catch (error) {
    if (error instanceof QuantityError) return new CelFailure(error.message);
    throw error;
  }
}

function asInteger(value: CelValue | undefined): bigint | undefined {
  const quantity = of(value);
  const whole = quantity.nano / nano;
  return quantity.isInteger() && BigInt.asIntN(64, whole) === whole ? whole : undefined;
}

const add: Implementation = ([left, right]) => new QuantityValue(of(left).add(of(right)));
const subtract: Implementation = ([left, right]) => new QuantityValue(of(left).subtract(of(right)));

export const quantityOverloads: readonly Overload[] = [
  overload('string_to_quantity', 'quantity(string) -> quantity', ([text]) => read(text)),
  overload('is_quantity_string', 'isQuantity(string) -> bool', ([text]) => read(text) instanceof QuantityValue),
  overload('quantity_sign', 'sign(quantity) -> int', ([value]) => BigInt(of(value).sign())),
  overload(
    'quantity_is_greater_than',
    '(quantity).isGreaterThan(quantity) -> bool',
    ([left, right]) => of(left).compare(of(right)) > 0,
  ),
  overload(
    'quantity_is_less_than',
    '(quantity).isLessThan(quantity) -> bool',
    ([left, right]) => of(left).compare(of(right)) < 0,
  ),
  overload('quantity_compare_to', '(quantity).compareTo(quantity) -> int', ([left, right]) =>
    BigInt(of(left).compare(of(right))),
  ),
  overload('quantity_get_float', '(quantity).asApproximateFloat() -> double', ([value]) => of(value).toNumber()),
  overload(
    'quantity_get_int',
    '(quantity).asInteger() -> int',
    ([value]) => asInteger(value) ?? new CelFailure('cannot convert value to integer'),
  ),
  overload('quantity_is_integer', '(quantity).isInteger() -> bool', ([value]) => asInteger(value) !== undefined),
  overload('quantity_add', '(quantity).add(quantity) -> quantity', add),
  overload('quantity_add_int', '(quantity).add(int) -> quantity', add),
  overload('quantity_sub', '(quantity).sub(quantity) -> quantity', subtract),
  overload('quantity_sub_int', '(quantity).sub(int) -> quantity', subtract),
];
