import { Hono } from 'hono';
import { z } from 'zod';
import { type Account, AccountError, isWithin, ROLES } from '../accounts.ts';
import { addressOf, atLeast, guardForm, logIn, may } from '../auth.ts';
import { type Ask, type Console, type Env, sessionOf } from '../console.ts';
import { parse } from '../filters.ts';
import { type AccountView, accountPage } from '../pages/account.ts';
import { reply } from '../reply.ts';

const secret = z.string().max(1000).default('');
const PasswordForm = z.object({ current: secret, password: secret, again: secret });
const AddForm = z.object({
  name: z.string().trim().max(64).default(''),
  role: z.enum(ROLES),
  password: secret,
  site: z.array(z.string().max(64)).max(5000).default([]),
});
const RemoveForm = z.object({ name: z.string().trim().max(64) });

export function accountRoutes(console: Console): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/', (c) => page(c, console, null));
  app.post('/password', (c) => changePassword(c, console));
  app.post('/add', atLeast('administrator'), async (c) => {
    const { name, role, password, site } = parse(AddForm, await guardForm(c), ['site']);
    return trying(
      c,
      console,
      'accounts',
      'add',
      async () => {
        if (!isWithin(site, sessionOf(c).account)) throw new AccountError('Choose among your own sites, at least one: nobody gives more than they have.');
        await console.options.accounts.create(name, password, role, { temporary: true, sites: site });
      },
      [`role ${role}`, ...site].join(', '),
      name,
    );
  });
  app.post('/remove', atLeast('administrator'), async (c) => {
    const { name } = parse(RemoveForm, await guardForm(c), []);
    return trying(c, console, 'accounts', 'remove', async () => remove(c, console, name), '', name);
  });
  return app;
}

/** Accounts that whoever asks may manage. */
const managed = (c: Ask, console: Console): Account[] => console.options.accounts.list().filter(({ sites }) => isWithin(sites, sessionOf(c).account));

function remove(c: Ask, console: Console, name: string): void {
  const one = console.options.accounts.get(name);
  if (one !== null && !isWithin(one.sites, sessionOf(c).account)) throw new AccountError('That account sees sites that you do not.');
  console.options.accounts.remove(name);
}

const DONE: { [what: string]: string } = {
  password: 'Your password is changed.',
  add: 'The account is added.',
  remove: 'The account is removed and its sessions ended.',
};

function page(c: Ask, console: Console, problem: AccountView['problem']): Promise<Response> {
  const session = sessionOf(c);
  const accounts = may(session.account.role, 'administrator') ? managed(c, console) : null;
  const notice = DONE[c.req.query('done') ?? ''];
  const told = notice === undefined || problem !== null ? {} : { notice };
  return reply(
    c,
    console,
    { title: 'Account', here: 'account', status: problem === null ? 200 : 422, ...told },
    accountPage({ session, accounts, problem, sites: console.options.sites?.all(session.account) ?? null }),
  );
}

async function changePassword(c: Ask, console: Console): Promise<Response> {
  const { current, password, again } = parse(PasswordForm, await guardForm(c), []);
  const { accounts } = console.options;
  const { name } = sessionOf(c).account;
  const wait = accounts.wait(name, addressOf(c));
  if (wait > 0) return page(c, console, { form: 'password', text: `Too many failed attempts. Try again in ${Math.ceil(wait / 1000)} s.` });
  if ((await accounts.verify(name, current, addressOf(c))) === null) return page(c, console, { form: 'password', text: 'The current password is not right.' });
  if (password !== again) return page(c, console, { form: 'password', text: 'The two new passwords differ.' });
  if (password === current) return page(c, console, { form: 'password', text: 'The new password is the old one.' });
  return trying(
    c,
    console,
    'password',
    'password',
    async () => {
      await accounts.changePassword(name, password);
      logIn(c, accounts, name);
    },
    '',
    name,
  );
}

/** Does it, writes the audit line, and leads back; a refusal is shown beside its form. */
async function trying(
  c: Ask,
  console: Console,
  form: 'password' | 'accounts',
  what: string,
  work: () => Promise<unknown>,
  detail: string,
  on: string,
): Promise<Response> {
  try {
    await work();
  } catch (error) {
    if (error instanceof AccountError) return page(c, console, { form, text: error.message });
    throw error;
  }
  const { store, now } = console.options;
  await store.audit({ '@timestamp': now().toISOString(), by: sessionOf(c).account.name, action: `account ${what}`, on, detail });
  return c.redirect(`/account?done=${what}`, 303);
}
