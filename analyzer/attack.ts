/**
 * ATT&CK for ICS: ids, names and tactics, and the ids that v19 revoked. Moving to a newer version is changing this file; a test over
 * all rules says which tags it breaks.
 *
 * (c) 2026 The MITRE Corporation. ATT&CK is a registered trademark of The MITRE Corporation; ids and names only, under its terms of use.
 */
export const ATTACK_VERSION = 'v19.2';

export type Technique = {
  /** `T1692.001` */
  id: string;
  /** A sub-technique carries its parent's name: `Unauthorized Message: Command Message`. */
  name: string;
  tactics: string[];
  /** The id it had until v18, which much SIEM content still matches on. */
  former: string | null;
};

type Row = [id: string, name: string, tactics: string[], former: string | null];

// biome-ignore format: one technique a line
const ROWS: Row[] = [
  ['T0800', 'Activate Firmware Update Mode', ['Inhibit Response Function'], null],
  ['T0801', 'Monitor Process State', ['Collection'], null],
  ['T0802', 'Automated Collection', ['Collection'], null],
  ['T0806', 'Brute Force I/O', ['Impair Process Control'], null],
  ['T0807', 'Command-Line Interface', ['Execution'], null],
  ['T0809', 'Data Destruction', ['Inhibit Response Function'], null],
  ['T0811', 'Data from Information Repositories', ['Collection'], null],
  ['T0813', 'Denial of Control', ['Impact'], null],
  ['T0814', 'Denial of Service', ['Inhibit Response Function'], null],
  ['T0815', 'Denial of View', ['Impact'], null],
  ['T0816', 'Device Restart/Shutdown', ['Inhibit Response Function'], null],
  ['T0817', 'Drive-by Compromise', ['Initial Access'], null],
  ['T0819', 'Exploit Public-Facing Application', ['Initial Access'], null],
  ['T0820', 'Exploitation for Evasion', ['Evasion'], null],
  ['T0821', 'Modify Controller Tasking', ['Execution'], null],
  ['T0822', 'External Remote Services', ['Initial Access'], null],
  ['T0823', 'Graphical User Interface', ['Execution'], null],
  ['T0826', 'Loss of Availability', ['Impact'], null],
  ['T0827', 'Loss of Control', ['Impact'], null],
  ['T0828', 'Loss of Productivity and Revenue', ['Impact'], null],
  ['T0829', 'Loss of View', ['Impact'], null],
  ['T0830', 'Adversary-in-the-Middle', ['Collection'], null],
  ['T0831', 'Manipulation of Control', ['Impact'], null],
  ['T0832', 'Manipulation of View', ['Impact'], null],
  ['T0834', 'Native API', ['Execution'], null],
  ['T0835', 'Manipulate I/O Image', ['Inhibit Response Function'], null],
  ['T0836', 'Modify Parameter', ['Impair Process Control'], null],
  ['T0837', 'Loss of Protection', ['Impact'], null],
  ['T0838', 'Modify Alarm Settings', ['Inhibit Response Function'], null],
  ['T0840', 'Network Connection Enumeration', ['Discovery'], null],
  ['T0842', 'Network Sniffing', ['Discovery'], null],
  ['T0843', 'Program Download', ['Lateral Movement'], null],
  ['T0843.001', 'Program Download: Download All', ['Lateral Movement'], null],
  ['T0843.002', 'Program Download: Online Edit', ['Lateral Movement'], null],
  ['T0843.003', 'Program Download: Program Append', ['Lateral Movement'], null],
  ['T0845', 'Program Upload', ['Collection'], null],
  ['T0846', 'Remote System Discovery', ['Discovery'], null],
  ['T0846.001', 'Remote System Discovery: Port Scan', ['Discovery'], null],
  ['T0846.002', 'Remote System Discovery: Broadcast Discovery', ['Discovery'], null],
  ['T0846.003', 'Remote System Discovery: Multicast Discovery', ['Discovery'], null],
  ['T0847', 'Replication Through Removable Media', ['Initial Access'], null],
  ['T0848', 'Rogue Master', ['Initial Access'], null],
  ['T0849', 'Masquerading', ['Evasion'], null],
  ['T0851', 'Rootkit', ['Evasion', 'Inhibit Response Function'], null],
  ['T0852', 'Screen Capture', ['Collection'], null],
  ['T0853', 'Scripting', ['Execution'], null],
  ['T0858', 'Change Operating Mode', ['Execution', 'Evasion'], null],
  ['T0859', 'Valid Accounts', ['Persistence', 'Lateral Movement'], null],
  ['T0860', 'Wireless Compromise', ['Initial Access'], null],
  ['T0861', 'Point & Tag Identification', ['Collection'], null],
  ['T0862', 'Supply Chain Compromise', ['Initial Access'], null],
  ['T0863', 'User Execution', ['Execution'], null],
  ['T0864', 'Transient Cyber Asset', ['Initial Access'], null],
  ['T0865', 'Spearphishing Attachment', ['Initial Access'], null],
  ['T0866', 'Exploitation of Remote Services', ['Initial Access', 'Lateral Movement'], null],
  ['T0867', 'Lateral Tool Transfer', ['Lateral Movement'], null],
  ['T0868', 'Detect Operating Mode', ['Collection'], null],
  ['T0869', 'Standard Application Layer Protocol', ['Command and Control'], null],
  ['T0871', 'Execution through API', ['Execution'], null],
  ['T0872', 'Indicator Removal on Host', ['Evasion'], null],
  ['T0873', 'Project File Infection', ['Persistence'], null],
  ['T0873.001', 'Project File Infection: Siemens Project File Format', ['Persistence'], null],
  ['T0874', 'Hooking', ['Execution', 'Privilege Escalation'], null],
  ['T0877', 'I/O Image', ['Collection'], null],
  ['T0878', 'Alarm Suppression', ['Inhibit Response Function'], null],
  ['T0879', 'Damage to Property', ['Impact'], null],
  ['T0880', 'Loss of Safety', ['Impact'], null],
  ['T0881', 'Service Stop', ['Inhibit Response Function'], null],
  ['T0882', 'Theft of Operational Information', ['Impact'], null],
  ['T0883', 'Internet Accessible Device', ['Initial Access'], null],
  ['T0884', 'Connection Proxy', ['Command and Control'], null],
  ['T0885', 'Commonly Used Port', ['Command and Control'], null],
  ['T0886', 'Remote Services', ['Initial Access', 'Lateral Movement'], null],
  ['T0887', 'Wireless Sniffing', ['Discovery', 'Collection'], null],
  ['T0888', 'Remote System Information Discovery', ['Discovery'], null],
  ['T0889', 'Modify Program', ['Persistence'], null],
  ['T0890', 'Exploitation for Privilege Escalation', ['Privilege Escalation'], null],
  ['T0892', 'Change Credential', ['Inhibit Response Function'], null],
  ['T0893', 'Data from Local System', ['Collection'], null],
  ['T0894', 'System Binary Proxy Execution', ['Evasion'], null],
  ['T0895', 'Autorun Image', ['Execution'], null],
  ['T1691', 'Block Operational Technology Message', ['Inhibit Response Function'], null],
  ['T1691.001', 'Block Operational Technology Message: Command Message', ['Inhibit Response Function'], 'T0803'],
  ['T1691.002', 'Block Operational Technology Message: Reporting Message', ['Inhibit Response Function'], 'T0804'],
  ['T1692', 'Unauthorized Message', ['Evasion', 'Impair Process Control'], null],
  ['T1692.001', 'Unauthorized Message: Command Message', ['Evasion', 'Impair Process Control'], 'T0855'],
  ['T1692.002', 'Unauthorized Message: Reporting Message', ['Evasion', 'Impair Process Control'], 'T0856'],
  ['T1693', 'Modify Firmware', ['Persistence', 'Inhibit Response Function', 'Impair Process Control'], null],
  ['T1693.001', 'Modify Firmware: System Firmware', ['Persistence', 'Inhibit Response Function', 'Impair Process Control'], 'T0857'],
  ['T1693.002', 'Modify Firmware: Module Firmware', ['Persistence', 'Inhibit Response Function', 'Impair Process Control'], 'T0839'],
  ['T1694', 'Insecure Credentials', ['Persistence', 'Lateral Movement'], null],
  ['T1694.001', 'Insecure Credentials: Default Credentials', ['Persistence', 'Lateral Movement'], 'T0812'],
  ['T1694.002', 'Insecure Credentials: Hardcoded Credentials', ['Persistence', 'Lateral Movement'], 'T0891'],
  ['T1695', 'Block Communications', ['Inhibit Response Function'], null],
  ['T1695.001', 'Block Communications: Serial COM', ['Inhibit Response Function'], 'T0805'],
  ['T1695.002', 'Block Communications: Ethernet', ['Inhibit Response Function'], null],
  ['T1695.003', 'Block Communications: Wi-Fi', ['Inhibit Response Function'], null],
];

const TECHNIQUES: ReadonlyMap<string, Technique> = new Map(ROWS.map(([id, name, tactics, former]) => [id, { id, name, tactics, former }]));

/** The technique with this id (`T1692.001`) or Sigma tag (`attack.t1692.001`); null for a revoked, foreign or unknown one. */
export function technique(id: string): Technique | null {
  return TECHNIQUES.get(id.replace(/^attack\./i, '').toUpperCase()) ?? null;
}

/** All of them, by id. */
export const techniques = (): Technique[] => [...TECHNIQUES.values()];
