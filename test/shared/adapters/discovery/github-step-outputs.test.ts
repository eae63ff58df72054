// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { referenceOf } from '../../../../shared/adapters/discovery/candidate.ts';
import { findInStepOutputs } from '../../../../shared/adapters/discovery/github-step-outputs.ts';
import { bake, buildPush } from '../../../support/docker-actions.ts';
import type { Build, StepContent } from '../../../support/docker-actions.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const other = `sha256:${'b'.repeat(64)}`;

function find(
  steps: readonly { outputs: Record<string, string>; state?: Record<string, string> }[],
  intermediates = false,
) {
  const files = steps.map(({ outputs, state }) => {
    return { outputs: new Map(Object.entries(outputs)), state: new Map(Object.entries(state ?? {})) };
  });
  const found = findInStepOutputs({ steps: files, unreadable: undefined, skipped: 0 }, intermediates);
  return {
    ...found,
    references: found.candidates.map(referenceOf),
    reasons: found.rejected.map(({ reason }) => reason),
  };
}

function build(inputs: Record<string, unknown>, more: Partial<Build> = {}): StepContent {
  return buildPush({ digest, names: 'ghcr.io/o/app:1', inputs, ...more });
}

describe('docker/build-push-action', () => {
  it('[GH-33] push: true with three tags of one repository is one artifact', () => {
    const found = find([build({ push: true }, { names: 'ghcr.io/o/app:1,ghcr.io/o/app:1.2,ghcr.io/o/app:latest' })]);
    expect(found.references).toEqual([`ghcr.io/o/app@${digest}`]);
    expect(found.candidates[0]).toMatchObject({
      tags: ['1', '1.2', 'latest'],
      evidence: ['docker/build-push-action output', 'push: true'],
    });
    expect(found.state).toBe('1 found');
  });

  it('[GH-34] the same digest in two registries is two artifacts', () => {
    const found = find([build({ push: true }, { names: 'ghcr.io/o/app:1,docker.io/o/app:1' })]);
    expect(found.references).toEqual([`ghcr.io/o/app@${digest}`, `docker.io/o/app@${digest}`]);
  });

  it('[GH-35] without push nothing is found, and the reason says so', () => {
    const found = find([build({})]);
    expect(found.references).toEqual([]);
    expect(found.reasons).toEqual(['built, not pushed (docker/build-push-action output)']);
  });

  it.each([
    ['load: true', { load: true }],
    ['outputs: type=docker', { outputs: ['type=docker'] }],
  ])('[GH-36] %s is no push either', (_, inputs) => {
    const found = find([build(inputs)]);
    expect(found.references).toEqual([]);
    expect(found.reasons[0]).toMatch(/^built, not pushed: only loaded/);
  });

  it.each(['type=image,name=ghcr.io/o/app,push=true', 'type=registry'])('[GH-37] outputs: %s is a push', (output) => {
    const found = find([build({ outputs: [output] })]);
    expect(found.references).toEqual([`ghcr.io/o/app@${digest}`]);
    expect(found.candidates[0]?.evidence[1]).toMatch(/^outputs: type=/);
  });

  it('[GH-38] an image pushed by digest only is left out, unless asked for', () => {
    const step = build(
      { outputs: ['type=image,push-by-digest=true,name-canonical=true,push=true'] },
      { names: 'ghcr.io/o/app' },
    );
    expect(find([step]).references).toEqual([]);
    expect(find([step]).reasons[0]).toMatch(/by digest only/);
    expect(find([step], true).references).toEqual([`ghcr.io/o/app@${digest}`]);
  });

  it('[GH-43] a digest that is the image id is rejected with an explanation', () => {
    const found = find([build({ push: true }, { descriptor: false, configDigest: digest })]);
    expect(found.references).toEqual([]);
    expect(found.reasons[0]).toMatch(/id of the local image/);
  });

  it('[GH-44] names of a build on several nodes come from the state, and are not guessed without it', () => {
    const step = buildPush({ digest, inputs: { push: true, tags: ['ghcr.io/o/app:1'] } });
    expect(find([step]).references).toEqual([`ghcr.io/o/app@${digest}`]);
    expect(find([{ outputs: step.outputs }]).references).toEqual([]);
    expect(find([buildPush({ digest, inputs: { push: true } })]).reasons[0]).toMatch(/repository is not known/);
  });

  it('without its state nothing shows a push', () => {
    const found = find([{ outputs: build({ push: true }).outputs }]);
    expect(found.references).toEqual([]);
    expect(found.reasons[0]).toMatch(/state of the step is missing/);
  });

  it('is not believed when its outputs contradict each other', () => {
    const step = build({ push: true });
    expect(find([{ ...step, outputs: { ...step.outputs, digest: other } }]).references).toEqual([]);
  });

  it('without a digest is passed over: a build that exported no image', () => {
    const step = build({ push: true });
    expect(find([{ ...step, outputs: { metadata: '{"buildx.build.ref":"a/b/c"}' } }])).toMatchObject({
      references: [],
      reasons: [],
    });
  });
});

describe('docker/bake-action', () => {
  it('[GH-39] takes the pushed targets of three, and no warning for a target', () => {
    const step = bake(
      {
        app: { digest, names: 'ghcr.io/o/app:1', output: ['type=registry'] },
        tool: { digest: other, names: 'ghcr.io/o/tool:1', output: [{ type: 'image', push: 'true' }] },
        test: { digest, names: 'ghcr.io/o/test:1', output: ['type=docker'] },
      },
      { files: ['docker-bake.hcl'] },
    );
    const found = find([step]);
    expect(found.references).toEqual([`ghcr.io/o/app@${digest}`, `ghcr.io/o/tool@${other}`]);
    expect(found.reasons).toEqual([
      'built, not pushed: only loaded into the local docker (docker/bake-action output, target test)',
    ]);
  });

  it('push: true holds for targets that export an image', () => {
    const step = bake(
      {
        app: { digest, names: 'ghcr.io/o/app:1' },
        files: { digest: other, names: 'ghcr.io/o/files:1', output: ['type=local,dest=out'] },
      },
      { push: true },
    );
    expect(find([step]).references).toEqual([`ghcr.io/o/app@${digest}`]);
  });
});

describe('other steps', () => {
  it('redhat-actions/push-to-registry only pushes', () => {
    const paths = JSON.stringify(['quay.io/o/app:1', 'quay.io/o/app:latest']);
    const found = find([{ outputs: { digest, 'registry-path': 'quay.io/o/app:1', 'registry-paths': paths } }]);
    expect(found.references).toEqual([`quay.io/o/app@${digest}`]);
    expect(found.candidates[0]?.tags).toEqual(['1', 'latest']);
  });

  it('[GH-56] a reference as output is a hint, not evidence', () => {
    const found = find([{ outputs: { image: `ghcr.io/o/app:1@${digest}` } }]);
    expect(found.references).toEqual([]);
    expect(found.rejected).toEqual([
      {
        what: `ghcr.io/o/app@${digest}`,
        source: 'step-outputs',
        reason: expect.stringMatching(/nothing shows/) as string,
      },
    ]);
  });

  it('a digest alone is told, because a repository completes it', () => {
    expect(find([{ outputs: { digest } }]).rejected).toMatchObject([
      { what: digest, reason: expect.stringMatching(/without a repository/) as string },
    ]);
  });

  it('[GH-55] nothing of other values is ever kept', () => {
    const found = find([
      {
        outputs: {
          token: 'hunter2hunter2',
          digest: 'hunter2',
          metadata: '{"password":"hunter2"}',
          note: `x ghcr.io/o/app@${digest}`,
        },
      },
    ]);
    expect(JSON.stringify(found)).not.toContain('hunter2');
    expect(found.rejected).toEqual([]);
    expect(found.state).toBe('empty');
  });

  it('[GH-57] a value with more than a reference in it is no reference', () => {
    const found = find([{ outputs: { image: `ghcr.io/o/app@${digest}\n::set-output name=a::b` } }]);
    expect(found.rejected).toEqual([]);
  });
});
