/** The embedded store: one SQLite file, always there, never a network away. */
import type { Decision } from '../finding.ts';
import { decisionLine } from './fold.ts';
import { countAssets, listAssets, readAsset, refoldAsset, saveAsset } from './sqlite/assets.ts';
import { appendAudit, listAudit } from './sqlite/audit.ts';
import { type Database, openDatabase } from './sqlite/database.ts';
import { appendDecision, decisionsOn } from './sqlite/decisions.ts';
import { entries } from './sqlite/entries.ts';
import { listConversations, listFacts, refoldFact, saveConversation, saveFact } from './sqlite/facts.ts';
import { countFindings, listFindings, readFinding, refoldFinding, saveFinding } from './sqlite/findings.ts';
import { expire, listHealth, listObservations, saveHealth, saveObservation } from './sqlite/observations.ts';
import { listRegisters, saveRegisters } from './sqlite/registers.ts';
import { enforceTags, listTagLists, listTags, saveTagList } from './sqlite/tags.ts';
import type { Batch, Store } from './store.ts';

function save(db: Database, batch: Batch): void {
  for (const finding of batch.findings ?? []) saveFinding(db, finding);
  for (const asset of batch.assets ?? []) saveAsset(db, asset);
  for (const fact of batch.facts ?? []) saveFact(db, fact);
  for (const conversation of batch.conversations ?? []) saveConversation(db, conversation);
  for (const observation of batch.observations ?? []) saveObservation(db, observation);
  for (const health of batch.health ?? []) saveHealth(db, health);
  for (const map of batch.registers ?? []) saveRegisters(db, map);
  for (const list of batch.tagLists ?? []) saveTagList(db, list);
  for (const line of batch.audit ?? []) appendAudit(db, line);
}

const REFOLD = { finding: refoldFinding, fact: refoldFact, asset: refoldAsset };

function decide(db: Database, decision: Decision, known?: readonly string[]): void {
  if (!appendDecision(db, decision, known)) return;
  REFOLD[decision.on.kind](db, decision.on.id);
  if (decision.kind === 'tags') enforceTags(db, decision.on.id);
  appendAudit(db, decisionLine(decision));
}

/**
 * Opens the file at `path`, making it and its folder when missing; `:memory:` keeps nothing. Throws a StoreError of one line that
 * names the file and the fix when it cannot be used, and every method rejects with one when the place fails later.
 */
export function openSqlite(path: string): Store {
  const db = openDatabase(path);
  return {
    save: async (batch) => db.transaction(() => save(db, batch)),
    findings: async (query) => listFindings(db, query),
    findingFacets: async (query) => countFindings(db, query),
    finding: async (id) => readFinding(db, id),
    assets: async (query) => listAssets(db, query),
    assetFacets: async (query) => countAssets(db, query),
    asset: async (idOrAddress) => readAsset(db, idOrAddress),
    facts: async (query) => listFacts(db, query),
    conversations: async (query) => listConversations(db, query),
    observations: async (query) => listObservations(db, query),
    registers: async (query) => listRegisters(db, query),
    tags: async (query) => listTags(db, query),
    tagLists: async (owner) => listTagLists(db, owner),
    decide: async (decision, known) => db.transaction(() => decide(db, decision, known)),
    decisions: async (on) => decisionsOn(db, on),
    health: async ({ limit }) => listHealth(db, limit),
    audit: async (line) => db.transaction(() => appendAudit(db, line)),
    auditLines: async (query) => listAudit(db, query),
    expire: async (before) => expire(db, before),
    entries: () => entries(db),
    close: async () => db.close(),
  };
}
