/** What the local store queued, as documents. */
import type { Asset } from '../../asset.ts';
import type { Fact } from '../../fact.ts';
import type { Decision, Finding } from '../../finding.ts';
import type { RegisterTable } from '../../registers/map.ts';
import type { Tag } from '../../tags/tag.ts';
import type { Parcel } from '../sqlite/outbox.ts';
import type { AuditLine, Conversation, Health, Kept } from '../store.ts';
import { assetDocument } from './assets.ts';
import { auditDocument } from './audit.ts';
import { decisionDocument } from './decisions.ts';
import { conversationDocument, factDocument } from './facts.ts';
import { findingDocument } from './findings.ts';
import type { Kind, Shipped } from './kinds.ts';
import { healthDocument, observationDocument } from './observations.ts';
import { registersDocument } from './registers.ts';
import type { Document, Scope } from './scope.ts';
import { tagListDocuments } from './tags.ts';

type Maker = (scope: Scope, parcel: Parcel, decided: Decision[]) => Document | Document[];

const json = <T>({ json: text }: Parcel): T => JSON.parse(text) as T;

const MAKERS: { [kind in Shipped]: Maker } = {
  findings: (scope, parcel, decided) => findingDocument(scope, json<Finding>(parcel), decided, parcel.seq, parcel.json),
  assets: (scope, parcel, decided) => assetDocument(scope, json<Asset>(parcel), decided, parcel.seq),
  facts: (scope, parcel, decided) => factDocument(scope, json<Fact>(parcel), decided, parcel.seq),
  decisions: (scope, parcel) => decisionDocument(scope, json<Decision>(parcel), parcel.seq),
  conversations: (scope, parcel) => conversationDocument(scope, json<Conversation>(parcel), parcel.seq),
  registers: (scope, parcel) => registersDocument(scope, json<RegisterTable>(parcel), parcel.seq),
  taglists: (scope, parcel) => {
    const { owner = '', file = '' } = parcel.more;
    return tagListDocuments(scope, { id: parcel.id, owner, file, tags: json<Tag[][]>(parcel).flat() }, parcel.seq);
  },
  observations: (scope, parcel) => observationDocument(scope, json<Kept>(parcel), parcel.seq, parcel.json),
  flows: (scope, parcel) => observationDocument(scope, json<Kept>(parcel), parcel.seq, parcel.json),
  health: (scope, parcel) => healthDocument(scope, json<Health>(parcel), parcel.seq),
  audit: (scope, parcel) => auditDocument(scope, json<AuditLine>(parcel), parcel.seq, parcel.more['hash']),
};

/** One, or of a long tag list several. */
export const documentsOfParcel = (scope: Scope, kind: Kind, parcel: Parcel, decided: Decision[]): Document[] =>
  [MAKERS[kind as Shipped](scope, parcel, decided)].flat();
