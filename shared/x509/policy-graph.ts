// SPDX-License-Identifier: Apache-2.0
import { DerReader, contextTag, tag } from '../primitives/asn1.ts';
import { equalBytes, hexOfBytes } from '../primitives/bytes.ts';
import type { Certificate, CertificateChain } from './certificate.ts';
import { extensionOid } from './extensions.ts';

/** Identifiers are hex of their content octets: Go allows arcs of any size here. */
const anyPolicy = '551d2000';

/** What a certificate says about policies (RFC 5280, 4.2.1.4, 4.2.1.5, 4.2.1.11, 4.2.1.14); well-formed since it was parsed. */
interface PolicyFacts {
  readonly policies: readonly string[];
  readonly mappings: readonly { readonly issuer: string; readonly subject: string }[];
  readonly requireExplicitPolicy: number | undefined;
  readonly inhibitPolicyMapping: number | undefined;
  readonly inhibitAnyPolicy: number | undefined;
}

interface Node {
  readonly policy: string;
  expected: readonly string[];
  readonly parents: Set<Node>;
  readonly children: Set<Node>;
}

/**
 * Whether a chain is valid as to certificate policies when any policy will do (RFC 5280, 6.1 with the policy graph of RFC
 * 9618, as Go since 1.24): it fails only where a certificate requires an explicit policy that the chain does not have, or
 * maps to or from anyPolicy.
 */
export function arePoliciesValid(chain: CertificateChain): boolean {
  const length = chain.length - 1;
  if (length === 0) return true;
  const state = {
    graph: new PolicyGraph() as PolicyGraph | undefined,
    explicit: length + 1,
    mapping: length + 1,
    any: length + 1,
  };
  for (let i = length - 1; i >= 0; i--) {
    const certificate = chain[i] ?? chain[0];
    const facts = policyFactsOf(certificate);
    const selfIssued = equalBytes(certificate.rawIssuer, certificate.rawSubject);
    if (facts.policies.length === 0) state.graph = undefined;
    if (state.explicit === 0 && state.graph === undefined) return false;
    // RFC 5280 6.1.3 (d) (2): of a self-issued certificate that is not the last, anyPolicy counts though it is inhibited
    state.graph?.descend(facts.policies, state.any > 0 || (i > 0 && selfIssued));
    if (i > 0 && state.graph?.map(facts.mappings, state.mapping > 0) === false) return false;
    if (i === 0) continue;
    if (!selfIssued) {
      state.explicit = Math.max(0, state.explicit - 1);
      state.mapping = Math.max(0, state.mapping - 1);
      state.any = Math.max(0, state.any - 1);
    }
    state.explicit = Math.min(state.explicit, facts.requireExplicitPolicy ?? Infinity);
    state.mapping = Math.min(state.mapping, facts.inhibitPolicyMapping ?? Infinity);
    state.any = Math.min(state.any, facts.inhibitAnyPolicy ?? Infinity);
  }
  const required = state.explicit <= 1 || policyFactsOf(chain[0]).requireExplicitPolicy === 0;
  return !required || state.graph?.hasValidPolicy() === true;
}

/** The policy graph of RFC 9618: per depth one node for each policy. */
class PolicyGraph {
  readonly #strata: Map<string, Node>[] = [
    new Map([[anyPolicy, { policy: anyPolicy, expected: [anyPolicy], parents: new Set(), children: new Set() }]]),
  ];

  get #leaves(): Map<string, Node> {
    return this.#strata.at(-1) ?? new Map<string, Node>();
  }

  /** RFC 5280 6.1.3 (d), as updated. */
  descend(policies: readonly string[], anyAllowed: boolean): void {
    const above = [...this.#leaves.values()];
    const byExpected = new Map<string, Node[]>();
    for (const node of above) for (const policy of node.expected) append(byExpected, policy, node);
    const anyAbove = above.filter(({ policy }) => policy === anyPolicy);
    this.#strata.push(new Map());
    for (const policy of policies) {
      if (policy === anyPolicy) continue;
      const parents = byExpected.get(policy) ?? anyAbove;
      if (parents.length > 0) this.#insert(policy, parents);
    }
    if (policies.includes(anyPolicy) && anyAllowed) {
      const missing = [...byExpected].filter(([policy]) => !this.#leaves.has(policy));
      for (const [policy, parents] of missing) this.#insert(policy, parents);
    }
    this.#prune();
  }

  /** RFC 5280 6.1.4 (b), as updated; false for a mapping to or from anyPolicy. */
  map(mappings: PolicyFacts['mappings'], allowed: boolean): boolean {
    if (mappings.length === 0) return true;
    if (!allowed) {
      for (const { issuer } of mappings) this.#deleteLeaf(issuer);
      this.#prune();
      return true;
    }
    if (mappings.some(({ issuer, subject }) => issuer === anyPolicy || subject === anyPolicy)) return false;
    const subjects = new Map<string, string[]>();
    for (const { issuer, subject } of mappings) append(subjects, issuer, subject);
    for (const [issuer, expected] of subjects) {
      const anyLeaf = this.#leaves.get(anyPolicy);
      const node = this.#leaves.get(issuer) ?? (anyLeaf && this.#insert(issuer, [anyLeaf]));
      if (node !== undefined) node.expected = expected;
    }
    return true;
  }

  /** RFC 5280 6.1.5 (g), as updated, for a user who takes any policy. */
  hasValidPolicy(): boolean {
    if (this.#leaves.has(anyPolicy)) return true;
    return this.#strata.some((stratum) =>
      [...stratum.values()].some(({ policy, parents }) => {
        const [parent, ...others] = parents;
        return policy !== anyPolicy && others.length === 0 && parent?.policy === anyPolicy;
      }),
    );
  }

  #insert(policy: string, parents: readonly Node[]): Node {
    const node: Node = { policy, expected: [policy], parents: new Set(parents), children: new Set() };
    for (const parent of parents) parent.children.add(node);
    this.#leaves.set(policy, node);
    return node;
  }

  #deleteLeaf(policy: string): void {
    const node = this.#leaves.get(policy);
    for (const parent of node?.parents ?? []) if (node !== undefined) parent.children.delete(node);
    this.#leaves.delete(policy);
  }

  /** Nodes above the leaves that lead nowhere are removed, but never the root. */
  #prune(): void {
    for (const stratum of this.#strata.slice(1, -1).reverse()) {
      for (const [policy, node] of stratum) {
        if (node.children.size > 0) continue;
        for (const parent of node.parents) parent.children.delete(node);
        stratum.delete(policy);
      }
    }
  }
}

function append<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function policyFactsOf({ extensions }: Certificate): PolicyFacts {
  const valueOf = (wanted: string) => extensions.find(({ oid }) => oid === wanted)?.value;
  const constraints = valueOf(extensionOid.policyConstraints);
  const reader = constraints && new DerReader(constraints).enter(tag.sequence, '');
  const limit = (number: number) =>
    reader?.nextIs(contextTag(number)) === true ? countOf(reader.int64('', contextTag(number))) : undefined;
  const inhibit = valueOf(extensionOid.inhibitAnyPolicy);
  return {
    policies: each(valueOf(extensionOid.certificatePolicies), readIdentifier),
    mappings: each(valueOf(extensionOid.policyMappings), (mapping) => ({
      issuer: readIdentifier(mapping),
      subject: readIdentifier(mapping),
    })),
    requireExplicitPolicy: limit(0),
    inhibitPolicyMapping: limit(1),
    inhibitAnyPolicy: inhibit && countOf(new DerReader(inhibit).int64('')),
  };
}

/** Go takes no notice of a negative number. */
function countOf(value: bigint): number | undefined {
  return value < 0n ? undefined : Number(value);
}

function each<T>(value: Uint8Array | undefined, read: (item: DerReader) => T): T[] {
  const items: T[] = [];
  const reader = value && new DerReader(value).enter(tag.sequence, '');
  while (reader?.empty === false) items.push(read(reader.enter(tag.sequence, '')));
  return items;
}

function readIdentifier(reader: DerReader): string {
  return hexOfBytes(reader.content(tag.objectIdentifier, ''));
}
