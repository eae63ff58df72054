// SPDX-License-Identifier: Apache-2.0
import { envelopeMediaTypes, payloadMediaType } from '../../../../shared/envelope/content.ts';
import { bstr, cat, float, tag } from '../../../fakes/raw-cbor.ts';
import { mutateBytes } from '../bytes.ts';
import { type CborEntries, CborWriter, hex } from '../cbor.ts';
import { mutantSigner } from '../certificates.ts';
import { signRepeatably } from '../ecdsa.ts';
import type { Family } from '../family.ts';
import type { Random } from '../random.ts';
import { envelopeCase } from './envelope-decision.ts';

const claim = (name: string) => `io.cncf.notary.${name}`;
const scheme = claim('signingScheme');
const signer = mutantSigner('EC-256');
const payload = Buffer.from(
  `{"targetArtifact":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:${'1f'.repeat(32)}","size":406}}`,
);

/** COSE envelopes: the protected bucket mutated before it is signed, the rest after. */
export const envelopeCose: Family = {
  name: 'envelope-cose',
  oracle: 'envelope',
  generate: (random) => envelopeCase(envelopeMediaTypes.cose, new Crafter(random).message()),
};

class Crafter {
  readonly random: Random;
  readonly cbor: CborWriter;

  constructor(random: Random) {
    this.random = random;
    this.cbor = new CborWriter(random);
  }

  message(): Uint8Array {
    const { random, cbor } = this;
    const protectedBytes = this.protectedBytes();
    const detached = random.chance(0.05);
    const signed = detached ? new Uint8Array() : payload;
    const payloadItem = detached ? this.oddItem('f6', '40', 'f7', '60') : cbor.bytes(payload);
    const toBeSigned = cat(hex('846a5369676e617475726531'), bstr(protectedBytes), hex('40'), bstr(signed));
    const signature = signRepeatably(signer.privateKey, 'sha256', toBeSigned, 'ieee-p1363') ?? new Uint8Array();
    const items = [
      random.chance(0.03) ? this.oddItem('f6', 'f7', '40') : cbor.bytes(protectedBytes),
      random.chance(0.03) ? cbor.any() : cbor.map(this.unprotectedEntries()),
      payloadItem,
      random.chance(0.05) ? this.oddItem('f6', '40', 'f7', 'a0') : cbor.bytes(signature),
    ];
    return this.damaged(cat(hex('d284'), ...items));
  }

  private damaged(message: Uint8Array): Uint8Array {
    const { random } = this;
    const choice = random.float();
    if (choice < 0.06) return mutateBytes(random, message);
    if (choice < 0.08) return cat(message, random.pick([hex('00'), hex('f6')]));
    if (choice < 0.09) return cat(hex('d283'), message.subarray(2));
    if (choice < 0.1) return cat(hex('d9d9f7'), message);
    if (choice < 0.11) return cat(hex('d28404'), message.subarray(2));
    if (choice < 0.12) return message.subarray(1);
    return message;
  }

  private protectedBytes(): Uint8Array {
    const { random, cbor } = this;
    if (random.chance(0.02)) return cbor.any();
    if (random.chance(0.02)) return new Uint8Array();
    const entries = this.protectedEntries();
    const bytes = cbor.map(random.chance(0.6) ? this.mutated(entries) : entries);
    if (random.chance(0.03)) return cat(bytes, hex('00'));
    return random.chance(0.04) ? mutateBytes(random, bytes) : bytes;
  }

  private protectedEntries(): CborEntries {
    const { random, cbor } = this;
    const critical = [cbor.text(scheme)];
    const byAuthority = random.chance(0.2);
    const time = claim(byAuthority ? 'authenticSigningTime' : 'signingTime');
    const entries = [
      [cbor.int(1), cbor.int(-7)],
      [cbor.int(3), cbor.text(payloadMediaType)],
      [cbor.text(scheme), cbor.text(byAuthority ? 'notary.x509.signingAuthority' : 'notary.x509')],
      [cbor.text(time), random.chance(0.2) ? this.anyTime() : tag(1, cbor.int(1_780_272_000))],
    ] as [Uint8Array, Uint8Array][];
    if (byAuthority) critical.push(cbor.text(time));
    if (random.chance(0.3)) {
      entries.push([cbor.text(claim('expiry')), random.chance(0.4) ? this.anyTime() : tag(1, cbor.int(1_880_272_000))]);
      critical.push(cbor.text(claim('expiry')));
    }
    for (const [label, probability] of [
      [cbor.text('k'), 0.25],
      [cbor.int(42), 0.1],
    ] as const) {
      if (!random.chance(probability)) continue;
      entries.push([label, cbor.any()]);
      if (random.chance(0.5)) critical.push(label);
    }
    if (random.chance(0.1)) critical.push(this.oddCritical());
    const list = random.chance(0.03) ? cbor.any() : cbor.array(random.chance(0.03) ? [] : critical);
    entries.push([cbor.int(2), list]);
    if (!random.chance(0.1)) return entries;
    return entries.map(([label, value]) => [label, random.chance(0.2) ? tag(55799, value) : value]);
  }

  private oddCritical(): Uint8Array {
    const { random, cbor } = this;
    return random.pick([
      cbor.int(1),
      cbor.int(3),
      cbor.int(2),
      cbor.text('nope'),
      hex('f6'),
      cbor.text(scheme),
      float(1),
      cbor.int(2n ** 63n - 1n),
      tag(55799, cbor.text(scheme)),
      cbor.bytes(Buffer.from('a')),
    ]);
  }

  private unprotectedEntries(): CborEntries {
    const { random, cbor } = this;
    const entries: [Uint8Array, Uint8Array][] = [
      [cbor.int(33), this.certificates()],
      [cbor.text(claim('signingAgent')), cbor.text('a/1')],
    ];
    if (random.chance(0.1)) {
      const values = [cbor.bytes(Buffer.from('t')), cbor.text('t'), cbor.bytes(new Uint8Array()), cbor.any()];
      entries.push([cbor.text(claim('timestampSignature')), random.pick(values)]);
    }
    return random.chance(0.3) ? this.mutated(entries) : entries;
  }

  private certificates(): Uint8Array {
    const { random, cbor } = this;
    const all = signer.chainDer.map((der) => cbor.bytes(der));
    if (!random.chance(0.05)) return cbor.array(all);
    const [leaf = new Uint8Array()] = all;
    const broken = cbor.bytes(Buffer.from('x'));
    return random.pick([
      cbor.array([]),
      leaf,
      cbor.array([cbor.text('a')]),
      cbor.array([leaf, cbor.text('a')]),
      hex('f6'),
      cbor.array([broken]),
      cbor.array([leaf, broken]),
      cbor.any(),
    ]);
  }

  private mutated(entries: CborEntries): CborEntries {
    const { random, cbor } = this;
    const mutant = entries.map(([label, value]) => [label, value] as const);
    for (let count = 1 + random.below(2); count > 0; count--) {
      const at = random.below(mutant.length);
      const [label, value] = mutant[at] ?? [cbor.int(1), cbor.int(1)];
      const choice = random.float();
      if (choice < 0.15) mutant.splice(at, 1);
      else if (choice < 0.4) mutant[at] = [label, random.chance(0.4) ? this.anyTime() : cbor.any()];
      else if (choice < 0.5) mutant[at] = [this.anyLabel(), value];
      else if (choice < 0.85) mutant.splice(random.below(mutant.length + 1), 0, [this.anyLabel(), this.anyValue()]);
      else mutant.push([label, value]);
    }
    return mutant;
  }

  private anyValue(): Uint8Array {
    const { random, cbor } = this;
    if (random.chance(0.3)) return cbor.bytes(Buffer.from('iv'));
    if (!random.chance(0.2)) return cbor.any();
    const one = () => this.countersignature();
    return random.chance(0.5)
      ? one()
      : cbor.array(random.some(2, () => random.sometimes(0.15, () => cbor.any(3), one())));
  }

  private countersignature(): Uint8Array {
    const { random, cbor } = this;
    const protectedBytes = random.chance(0.5) ? new Uint8Array() : cbor.map([[cbor.int(1), cbor.int(-7)]]);
    const unprotected = random.chance(0.7) ? [] : [[this.anyLabel(), cbor.any(2)] as const];
    const signature = random.chance(0.8) ? cbor.bytes(Buffer.from('s')) : cbor.any(3);
    return cbor.array([cbor.bytes(protectedBytes), cbor.map(unprotected), signature]);
  }

  private anyLabel(): Uint8Array {
    const { random, cbor } = this;
    const choice = random.float();
    if (choice < 0.1) return cbor.int(random.pick([7, 11]));
    if (choice < 0.2) return cbor.any();
    if (choice < 0.6) return cbor.int(random.pick(integerLabels));
    return cbor.text(random.pick(textLabels));
  }

  private anyTime(): Uint8Array {
    const { random, cbor } = this;
    const number = random.pick(['', 'text', 'date', 'float', 'nested', 'odd']);
    switch (number) {
      case 'text':
        return tag(1, cbor.text('x'));
      case 'date':
        return tag(0, cbor.text('2026-06-01T00:00:00Z'));
      case 'float':
        return tag(1, float(random.pick([1780272000.25, NaN, -1.5, 1e300, 1780272000.9999999, 1.78e9])));
      case 'nested':
        return random.pick([tag(55799, tag(1, cbor.int(1_780_272_000))), tag(1, tag(55799, cbor.int(5)))]);
      case 'odd':
        return random.pick([
          hex('f6'),
          hex('f7'),
          hex('c1f97bff'),
          hex('d8011a6a1e2f00'),
          tag(2, cbor.bytes(hex('05'))),
          cbor.int(5),
        ]);
      default:
        return tag(1, cbor.int(random.pick([1_780_272_000, 1_880_272_000, -62_135_596_800, -5, ...largeTimes])));
    }
  }

  private oddItem(...digits: readonly string[]): Uint8Array {
    return this.random.chance(0.2) ? this.cbor.any() : hex(this.random.pick(digits));
  }
}

const largeTimes = [2n ** 63n - 1n, 2n ** 62n, 2n ** 63n];
const integerLabels = [1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 16, 33, 15, 99, -5, 2n ** 53n + 1n, 2n ** 63n];
const textLabels = [
  'k',
  '__proto__',
  ...['signingTime', 'authenticSigningTime', 'expiry', 'signingScheme', 'signingAgent', 'timestampSignature'].map(
    claim,
  ),
];
