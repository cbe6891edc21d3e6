// A certified OpenID provider (npm `oidc-provider`) with its own pages, for `make e2e` and
// `make demo PROVIDER=1`. Its accounts live as long as it does: whoever types a name is that person.
//
// Environment: PORT; TEAM_DOMAIN, the origin of the team domain; TEAM_AUTHORITY, the file of the
// authority of its certificate; PROVIDER_IDS, the last parts of its callbacks, of which the first gets
// the back-channel logouts; CLIENT_SECRET. `POST /test/disable/<name>` and `/test/enable/<name>` are
// the administrator of the provider. `/session/end` has its logout button.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { request } from "node:https";
import Provider from "oidc-provider";

const { PORT, TEAM_DOMAIN, TEAM_AUTHORITY, PROVIDER_IDS = "corp", CLIENT_SECRET } = process.env;
const ids = PROVIDER_IDS.split(",");
const issuer = `http://127.0.0.1:${PORT}`;
const disabled = new Set();

const claims = (name) => ({
  sub: name,
  email: `${name}@example.com`,
  email_verified: true,
  name: `${name} of the provider`,
  groups: ["engineering", "everybody"],
});

// Calls the team domain, as the library's own `fetch` cannot: only browsers know names under
// `localhost`, the authority is this deployment's own, and the library calls no address of this machine.
// The file is read at each call, because the authority may be made after this program starts.
const callTeamDomain = (url, { method, headers, body, signal }) => new Promise((done, failed) => {
  const { host, hostname, port, pathname } = new URL(url);
  const call = request({
    host: "127.0.0.1",
    port,
    path: pathname,
    servername: hostname,
    ca: readFileSync(TEAM_AUTHORITY),
    method,
    headers: { ...Object.fromEntries(headers), host },
    signal,
  }, (answer) => {
    answer.resume();
    done(new Response(null, { status: answer.statusCode }));
  });
  call.on("error", failed);
  call.end(String(body));
});

const provider = new Provider(issuer, {
  clients: [{
    client_id: "portcullis",
    client_secret: CLIENT_SECRET,
    redirect_uris: ids.map((id) => `${TEAM_DOMAIN}/callback/${id}`),
    post_logout_redirect_uris: [`${TEAM_DOMAIN}/logout`],
    backchannel_logout_uri: `${TEAM_DOMAIN}/backchannel-logout/${ids[0]}`,
    backchannel_logout_session_required: true,
    response_types: ["code"],
    grant_types: ["authorization_code", "refresh_token"],
  }],
  findAccount: (_, name) => disabled.has(name)
    ? undefined
    : { accountId: name, claims: () => claims(name) },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
  // Claims in the ID token, as most providers send them.
  conformIdTokenClaims: false,
  cookies: { keys: ["only for tests"] },
  pkce: { required: () => true },
  features: { backchannelLogout: { enabled: true } },
  fetch: callTeamDomain,
  // The company's own client asks nobody for consent, and gets refresh tokens without it.
  issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid email profile offline_access");
    await grant.save();
    return grant;
  },
});

provider.on("backchannel.error", (_, error) => console.error("a logout was not delivered:", error));

const handle = provider.callback();
createServer((request, response) => {
  const [, switched, name] = request.url.match(/^\/test\/(disable|enable)\/([a-z0-9-]+)$/) ?? [];
  if (request.method === "POST" && switched) {
    if (switched === "disable") disabled.add(name);
    else disabled.delete(name);
    response.writeHead(204).end();
  } else {
    handle(request, response);
  }
}).listen(PORT, "127.0.0.1", () => console.log(`listening at ${issuer}`));
