/** The store in Elasticsearch: where findings of many sites meet. */
import type { Decision } from '../finding.ts';
import { countAssets, listAssets, readAsset } from './elastic/assets.ts';
import { auditDocument, listAudit } from './elastic/audit.ts';
import { write } from './elastic/bulk.ts';
import { claim } from './elastic/claims.ts';
import { decisionDocument, decisionsOn, isDecided } from './elastic/decisions.ts';
import { documentsOf, subjectsOf } from './elastic/documents.ts';
import { entries } from './elastic/entries.ts';
import { listConversations, listFacts } from './elastic/facts.ts';
import { countFindings, listFindings, readFinding } from './elastic/findings.ts';
import { catchUp, decidedOn, refold } from './elastic/heads.ts';
import { expire, listHealth, listObservations, missing } from './elastic/observations.ts';
import { listRegisters } from './elastic/registers.ts';
import { nextSequence, type Scope } from './elastic/scope.ts';
import { listTagLists, listTags } from './elastic/tags.ts';
import { decisionLine } from './fold.ts';
import type { AuditLine, Batch, Store } from './store.ts';

async function audit(scope: Scope, line: AuditLine): Promise<void> {
  await write(scope, await missing(scope, [auditDocument(scope, line, nextSequence())]));
}

async function save(scope: Scope, batch: Batch): Promise<void> {
  const ids = subjectsOf(batch);
  const decided = await decidedOn(scope, ids);
  const documents = documentsOf(scope, batch, decided);
  if (documents.length === 0) return;
  await write(scope, await missing(scope, documents));
  await catchUp(scope, ids, decided, true);
}

/** Writes a decision down and folds it; `applied`: the site has it. The audit trail is the site's. `known`: see `Store.decide`. */
export async function record(scope: Scope, decision: Decision, applied: boolean, known?: readonly string[]): Promise<void> {
  if (await isDecided(scope, decision)) return refold(scope, decision.on);
  const down = async (one: Decision): Promise<void> => {
    const document = decisionDocument(scope, one, nextSequence(), applied);
    // Meanwhile the site may have it, and have said so.
    await write(scope, [document], applied ? 'index' : 'create');
    await refold(scope, one.on);
  };
  if (known !== undefined) await claim(scope, decision, known, down);
  await down(decision);
}

async function decide(scope: Scope, decision: Decision, known?: readonly string[]): Promise<void> {
  await record(scope, decision, true, known);
  await audit(scope, decisionLine(decision));
}

/** What a scope holds, as a store: of one site, or to read only of all. `install` made the cluster ready before. */
export function elasticStore(scope: Scope): Store {
  return {
    save: (batch) => save(scope, batch),
    findings: (query) => listFindings(scope, query),
    findingFacets: (query) => countFindings(scope, query),
    finding: (id) => readFinding(scope, id),
    assets: (query) => listAssets(scope, query),
    assetFacets: (query) => countAssets(scope, query),
    asset: (idOrAddress) => readAsset(scope, idOrAddress),
    facts: (query) => listFacts(scope, query),
    conversations: (query) => listConversations(scope, query),
    observations: (query) => listObservations(scope, query),
    registers: (query) => listRegisters(scope, query),
    tags: (query) => listTags(scope, query),
    tagLists: (owner) => listTagLists(scope, owner),
    decide: (decision, known) => decide(scope, decision, known),
    decisions: (on) => decisionsOn(scope, on),
    health: ({ limit }) => listHealth(scope, limit),
    audit: (line) => audit(scope, line),
    auditLines: (query) => listAudit(scope, query),
    expire: (before) => expire(scope, before),
    entries: () => entries(scope),
    close: () => scope.snapshots.close(),
  };
}
