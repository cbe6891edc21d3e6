// A certified OpenID provider (npm `oidc-provider`) with its own pages, for `make e2e` and
// `make demo PROVIDER=1`. Its accounts live as long as it does: whoever types a name is that person.
//
// Environment: PORT; TEAM_DOMAIN, the origin of the team domain; PROVIDER_IDS, the last parts of its
// callbacks; CLIENT_SECRET. `POST /test/disable/<name>` and `/test/enable/<name>` are the
// administrator of the provider.

import { createServer } from "node:http";
import Provider from "oidc-provider";

const { PORT, TEAM_DOMAIN, PROVIDER_IDS = "corp", CLIENT_SECRET } = process.env;
const issuer = `http://127.0.0.1:${PORT}`;
const disabled = new Set();

const claims = (name) => ({
  sub: name,
  email: `${name}@example.com`,
  email_verified: true,
  name: `${name} of the provider`,
  groups: ["engineering", "everybody"],
});

const provider = new Provider(issuer, {
  clients: [{
    client_id: "portcullis",
    client_secret: CLIENT_SECRET,
    redirect_uris: PROVIDER_IDS.split(",").map((id) => `${TEAM_DOMAIN}/callback/${id}`),
    post_logout_redirect_uris: [`${TEAM_DOMAIN}/logout`],
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
  // The company's own client asks nobody for consent.
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
