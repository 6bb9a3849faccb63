/** A batch as documents. */
import type { Batch } from '../store.ts';
import { assetDocument } from './assets.ts';
import { auditDocument } from './audit.ts';
import { conversationDocument, factDocument } from './facts.ts';
import { findingDocument } from './findings.ts';
import type { Decided } from './heads.ts';
import { healthDocument, observationDocument } from './observations.ts';
import { registersDocument } from './registers.ts';
import { type Document, nextSequence, type Scope, type Subject } from './scope.ts';
import { tagListDocuments } from './tags.ts';

/** What of a batch may have been decided on. */
export const subjectsOf = (batch: Batch): { [kind in Subject['kind']]: readonly string[] } => ({
  finding: (batch.findings ?? []).map(({ id }) => id),
  fact: (batch.facts ?? []).map(({ id }) => id),
  asset: (batch.assets ?? []).map(({ id }) => id),
});

/** Throws a StoreError (`query`) when something in it is no time: then nothing is written. */
export function documentsOf(scope: Scope, batch: Batch, decided: Decided, sequence: () => number = nextSequence): Document[] {
  return [
    ...(batch.findings ?? []).map((finding) => findingDocument(scope, finding, decided.finding.get(finding.id) ?? [], sequence())),
    ...(batch.assets ?? []).map((asset) => assetDocument(scope, asset, decided.asset.get(asset.id) ?? [], sequence())),
    ...(batch.facts ?? []).map((fact) => factDocument(scope, fact, decided.fact.get(fact.id) ?? [], sequence())),
    ...(batch.conversations ?? []).map((conversation) => conversationDocument(scope, conversation, sequence())),
    ...(batch.observations ?? []).map((kept) => observationDocument(scope, kept, sequence())),
    ...(batch.health ?? []).map((health) => healthDocument(scope, health, sequence())),
    ...(batch.registers ?? []).map((map) => registersDocument(scope, map, sequence())),
    ...(batch.tagLists ?? []).flatMap((list) => tagListDocuments(scope, list, sequence())),
    ...(batch.audit ?? []).map((line) => auditDocument(scope, line, sequence())),
  ];
}
