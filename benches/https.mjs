// A provider over TLS, as small as a login and a refresh allow: what a request costs over https is measured against it.
// Usage: node benches/https.mjs CERTIFICATE KEY; prints its issuer. Everybody is logged in at once; it checks nothing.
import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'

const [cert, key] = process.argv.slice(2).map(path => readFileSync(path))
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const b64 = data => Buffer.from(data).toString('base64url')
const nonces = new Map()
let issuer

const discovery = () => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/keys`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
})

function idToken(nonce, accessToken) {
  const now = Math.floor(Date.now() / 1000)
  const at_hash = b64(createHash('sha256').update(accessToken).digest().subarray(0, 16))
  const claims = { iss: issuer, sub: 'bench', aud: 'bench', iat: now, auth_time: now, exp: now + 300, nonce, at_hash }
  const input = [{ alg: 'RS256', kid: 'k1' }, claims].map(part => b64(JSON.stringify(part))).join('.')
  return `${input}.${createSign('RSA-SHA256').update(input).sign(privateKey, 'base64url')}`
}

function tokens(form) {
  const access_token = randomBytes(32).toString('base64url')
  const answer = { access_token, token_type: 'Bearer', expires_in: 3600, refresh_token: 'the-same-for-ever' }
  const nonce = nonces.get(form.get('code'))
  return nonce ? { ...answer, id_token: idToken(nonce, access_token) } : answer
}

async function answered(request, response) {
  const url = new URL(request.url, issuer)
  const json = document => response.setHeader('content-type', 'application/json').end(JSON.stringify(document))
  if (url.pathname === '/authorize') {
    const code = randomBytes(16).toString('hex')
    nonces.set(code, url.searchParams.get('nonce'))
    const query = new URLSearchParams({ code, state: url.searchParams.get('state'), iss: issuer })
    return response.writeHead(302, { location: `${url.searchParams.get('redirect_uri')}?${query}` }).end()
  }
  if (url.pathname === '/keys') return json({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }] })
  if (url.pathname !== '/token') return json(discovery())
  let body = ''
  for await (const chunk of request) body += chunk
  return json(tokens(new URLSearchParams(body)))
}

const server = createServer({ cert, key }, answered)
server.listen(0, '127.0.0.1', () => {
  issuer = `https://127.0.0.1:${server.address().port}`
  console.log(issuer)
})
