// SPDX-License-Identifier: Apache-2.0
import { run } from '../../shared/index.ts';
import { GitHubHost } from '../host.ts';

await run(new GitHubHost('sign'));
