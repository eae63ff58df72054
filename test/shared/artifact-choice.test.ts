// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseArtifactChoice } from '../../shared/artifact-choice.ts';
import { InputReader } from '../../shared/input-reader.ts';
import { openStep } from '../../shared/step.ts';
import { fakeHost } from '../fakes/host.ts';
import type { FakeHostOptions } from '../fakes/host.ts';

const digest = `sha256:${'a'.repeat(64)}`;

async function choose(inputs: NonNullable<FakeHostOptions['inputs']>, product: 'github' | 'azure' = 'github') {
  const host = fakeHost({ inputs, product });
  const step = openStep(host);
  const reader = new InputReader(host);
  const choice = await parseArtifactChoice(reader, step);
  reader.finish();
  return { choice, host, named: choice.explicit.map(({ requested }) => requested) };
}

describe('artifacts named by inputs', () => {
  it('[ADO-17] takes one reference by digest', async () => {
    expect((await choose({ artifacts: `r.io/app@${digest}` }, 'azure')).named).toEqual([`r.io/app@${digest}`]);
  });

  it('[ADO-18] takes three with blanks, newlines and a trailing comma, and no empty one', async () => {
    const { named } = await choose({ artifacts: ` r.io/a:1 ,\n\n r.io/b:1 ,r.io/c:1,` }, 'azure');
    expect(named).toEqual(['r.io/a:1', 'r.io/b:1', 'r.io/c:1']);
  });

  it('[ADO-19] takes a repeated one once, with a warning in the words of the host', async () => {
    const { named, host } = await choose({ artifacts: 'r.io/a:1,r.io/a:1' }, 'azure');
    expect(named).toEqual(['r.io/a:1']);
    expect(host.warnings).toEqual(['r.io/a:1 is named more than once in artifactRefs; it is taken once']);
  });

  it('[ADO-21] reports every malformed one', async () => {
    await expect(choose({ artifacts: 'r.io/UPPER:1, r.io/a' }, 'azure')).rejects.toThrow(
      /2 inputs are wrong[\s\S]*UPPER[\s\S]*r\.io\/a/,
    );
  });

  it('[GH-74] takes the metadata of build-push as JSON text', async () => {
    const metadata = JSON.stringify({
      'containerimage.digest': digest,
      'image.name': 'ghcr.io/o/app:1,ghcr.io/o/app:2',
    });
    expect((await choose({ imageMetadata: metadata })).named).toEqual([`ghcr.io/o/app@${digest}`]);
  });

  it('takes a digest with repositories', async () => {
    expect((await choose({ digest, repository: 'ghcr.io/o/app\nr.io/app' })).named).toEqual([
      `ghcr.io/o/app@${digest}`,
      `r.io/app@${digest}`,
    ]);
  });

  it('prefers references over the other inputs', async () => {
    const { named } = await choose({ artifacts: 'r.io/a:1', digest, repository: 'r.io/b' });
    expect(named).toEqual(['r.io/a:1']);
  });
});
