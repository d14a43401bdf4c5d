// GitHub's description without the paths that have nothing to do with Actions, with limits or with who asks: the whole of it takes
// minutes to load. What stays is not changed; a request to anything else is answered with a fault.
//
//     node cut.js api.github.com.json cut.json
'use strict';
const fs = require('fs');
const [from, to] = process.argv.slice(2);
const whole = JSON.parse(fs.readFileSync(from, 'utf8'));
const beside = ['contents/{path}', 'environments', 'code-scanning/alerts', 'code-scanning/analyses', 'secret-scanning/alerts'];
beside.push('commits/{ref}/check-runs', 'check-runs/{check_run_id}/annotations', 'deployments', 'deployments/{deployment_id}/statuses', 'commits', 'compare/{basehead}');
const others = ['/rate_limit', '/user', '/orgs/{org}/actions/runners', '/orgs/{org}/actions/hosted-runners', '/repos/{owner}/{repo}', ...beside.map((path) => `/repos/{owner}/{repo}/${path}`)];
const ours = (path) => others.includes(path) || path.startsWith('/repos/{owner}/{repo}/actions/');
const paths = Object.entries(whole.paths).filter(([path]) => ours(path));
const cut = { ...whole, paths: Object.fromEntries(paths), components: {}, webhooks: undefined, 'x-webhooks': undefined };

const kept = new Set();
function keep(node) {
  if (Array.isArray(node)) return node.forEach(keep);
  if (node === null || typeof node !== 'object') return;
  for (const [key, value] of Object.entries(node)) {
    if (key === '$ref' && typeof value === 'string' && value.startsWith('#/components/')) {
      if (kept.has(value)) continue;
      kept.add(value);
      const [, , kind, name] = value.split('/');
      const part = whole.components[kind][name];
      (cut.components[kind] ??= {})[name] = part;
      keep(part);
    } else {
      keep(value);
    }
  }
}
keep(cut.paths);
fs.writeFileSync(to, JSON.stringify(cut));
