// SPDX-License-Identifier: Apache-2.0
import type { NotaryError } from '../errors.ts';
import { quote } from '../primitives/quote.ts';
import { invalidPolicy } from './invalid.ts';

/** The validations of a signature, in the order of specs/trust-store-trust-policy.md "Signature verification details". */
export const validationTypes = ['integrity', 'authenticity', 'authenticTimestamp', 'expiry', 'revocation'] as const;
export type ValidationType = (typeof validationTypes)[number];

const validationActions = ['enforce', 'log', 'skip'] as const;
export type ValidationAction = (typeof validationActions)[number];

type Actions = Readonly<Record<ValidationType, ValidationAction>>;

/** The levels of specs/trust-store-trust-policy.md. */
const levels = {
  strict: actions('enforce', 'enforce', 'enforce', 'enforce', 'enforce'),
  permissive: actions('enforce', 'enforce', 'log', 'log', 'log'),
  audit: actions('enforce', 'log', 'log', 'log', 'log'),
  skip: actions('skip', 'skip', 'skip', 'skip', 'skip'),
} as const satisfies Record<string, Actions>;

/** `custom` is any level with an override, even one that changes nothing. */
export type LevelName = keyof typeof levels | 'custom';

/** A verification level with the action of every validation. */
export interface VerificationLevel {
  readonly name: LevelName;
  readonly actions: Actions;
}

/** The order of the arguments is that of `validationTypes`. */
function actions(
  integrity: ValidationAction,
  authenticity: ValidationAction,
  authenticTimestamp: ValidationAction,
  expiry: ValidationAction,
  revocation: ValidationAction,
): Actions {
  return { integrity, authenticity, authenticTimestamp, expiry, revocation };
}

/**
 * The level that a policy names, with its overrides in document order; throws `trust-policy-invalid` for unknown names
 * and for overrides that the specification forbids.
 */
export function parseLevel(name: string, override: ReadonlyMap<string, string>): VerificationLevel {
  if (name === '') {
    throw invalidPolicy('signature verification level is empty or missing in the trust policy statement', levelHint);
  }
  if (!isLevel(name)) throw invalidPolicy(`invalid signature verification level ${quote(name)}`, levelHint);
  if (override.size === 0) return { name, actions: levels[name] };
  if (name === 'skip') {
    throw invalidPolicy(`signature verification level "skip" can't be used to customize signature verification`);
  }
  const customized: Record<ValidationType, ValidationAction> = { ...levels[name] };
  for (const [type, action] of override) {
    if (!isValidationType(type)) throw unsupported('type', type, validationTypes);
    if (!isValidationAction(action)) throw unsupported('action', action, validationActions);
    refuseForbidden(type, action);
    customized[type] = action;
  }
  return { name: 'custom', actions: customized };
}

const levelHint = 'The levels are strict, permissive, audit and skip, in lower case.';

function isLevel(name: string): name is keyof typeof levels {
  return Object.hasOwn(levels, name);
}

function isValidationType(name: string): name is ValidationType {
  return (validationTypes as readonly string[]).includes(name);
}

function isValidationAction(name: string): name is ValidationAction {
  return (validationActions as readonly string[]).includes(name);
}

function unsupported(what: 'type' | 'action', value: string, supported: readonly string[]): NotaryError {
  const values = supported.map(quote).join(' ');
  return invalidPolicy(
    `verification ${what} ${quote(value)} in custom signature verification is not supported, supported values are [${values}]`,
  );
}

function refuseForbidden(type: ValidationType, action: ValidationAction): void {
  if (type === 'integrity') {
    throw invalidPolicy(`${quote(type)} verification can not be overridden in custom signature verification`);
  }
  if (action === 'skip' && type !== 'revocation') {
    throw invalidPolicy(`${quote(type)} verification can not be skipped in custom signature verification`);
  }
}
