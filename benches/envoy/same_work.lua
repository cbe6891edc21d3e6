-- What Portcullis does with a request whose token jwt_authn has found good, in Envoy's Lua filter:
-- compare the binding cookie with the token's confirmation, take our cookies out of the cookie lines
-- and leave all other bytes alone, give the origin the token in a header.
--
-- Envoy's Lua has no SHA-256, and claims of a token cannot be compared with a cookie without one. So
-- it is written here, in Lua, and its result is remembered for each binding secret: a browser that was
-- seen before costs one look into a table. Nothing that is asked for a request is asked twice.

local bit = require("bit")
local band, bnot, bxor, bor = bit.band, bit.bnot, bit.bxor, bit.bor
local rol, ror, shr, tobit = bit.rol, bit.ror, bit.rshift, bit.tobit
local byte, char, find, sub = string.byte, string.char, string.find, string.sub
local concat = table.concat

local TOKEN, BINDING = "__Host-access_token", "__Host-access_binding"
local OWN = "__Host-access_"
local REMEMBERED = 2048

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
local VALUES = {}
for index = 1, #ALPHABET do
  VALUES[byte(ALPHABET, index)] = index - 1
end

-- The first 32 bits of the fractional parts of the cube roots of the first 64 primes, and of the
-- square roots of the first 8 (FIPS 180-4, sections 4.2.2 and 5.3.3).
local function fractions(count, power)
  local found, candidate = {}, 2
  while #found < count do
    local prime = true
    for divisor = 2, math.floor(math.sqrt(candidate)) do
      if candidate % divisor == 0 then
        prime = false
        break
      end
    end
    if prime then
      local root = candidate ^ power
      found[#found + 1] = tobit(math.floor((root - math.floor(root)) * 4294967296))
    end
    candidate = candidate + 1
  end
  return found
end
local K, H = fractions(64, 1 / 3), fractions(8, 1 / 2)

-- 43 characters of base64url are 32 bytes, here as eight words; nil for anything else.
local function words(text)
  if #text ~= 43 then
    return nil
  end
  local result, bits, held = {}, 0, 0
  for index = 1, 43 do
    local value = VALUES[byte(text, index)]
    if not value then
      return nil
    end
    for shift = 5, 0, -1 do
      held = bor(shr(band(value, 2 ^ shift), shift), held * 2)
      bits = bits + 1
      if bits == 32 then
        result[#result + 1] = tobit(held)
        bits, held = 0, 0
      end
    end
  end
  return result
end

-- SHA-256 of 32 bytes, which is one block (FIPS 180-4, section 6.2), as base64url.
local function digest(message)
  local w = {}
  for index = 1, 8 do
    w[index] = message[index]
  end
  w[9] = tobit(0x80000000)
  for index = 10, 15 do
    w[index] = 0
  end
  w[16] = 256
  for t = 17, 64 do
    local x, y = w[t - 15], w[t - 2]
    local s0 = bxor(ror(x, 7), ror(x, 18), shr(x, 3))
    local s1 = bxor(ror(y, 17), ror(y, 19), shr(y, 10))
    w[t] = tobit(w[t - 16] + s0 + w[t - 7] + s1)
  end
  local a, b, c, d, e, f, g, h = H[1], H[2], H[3], H[4], H[5], H[6], H[7], H[8]
  for t = 1, 64 do
    local s1 = bxor(ror(e, 6), ror(e, 11), ror(e, 25))
    local t1 = h + s1 + bxor(band(e, f), band(bnot(e), g)) + K[t] + w[t]
    local s0 = bxor(ror(a, 2), ror(a, 13), ror(a, 22))
    local t2 = s0 + bxor(band(a, b), band(a, c), band(b, c))
    h, g, f, e, d, c, b, a = g, f, e, tobit(d + t1), c, b, a, tobit(t1 + t2)
  end
  local sums, text = { a, b, c, d, e, f, g, h }, {}
  local bytes = {}
  for index = 1, 8 do
    local word = tobit(sums[index] + H[index])
    for shift = 24, 0, -8 do
      bytes[#bytes + 1] = band(shr(word, shift), 255)
    end
  end
  for at = 1, 32, 3 do
    local one, two, three = bytes[at], bytes[at + 1], bytes[at + 2] or 0
    local group = one * 65536 + two * 256 + three
    for shift = 18, 0, -6 do
      local place = band(shr(group, shift), 63) + 1
      text[#text + 1] = sub(ALPHABET, place, place)
    end
  end
  return concat(text, "", 1, 43)
end

local known, count = {}, 0
local function confirmation(secret)
  local found = known[secret]
  if found then
    return found
  end
  local message = words(secret)
  if not message then
    return nil
  end
  if count >= REMEMBERED then
    known, count = {}, 0
  end
  found = digest(message)
  known[secret], count = found, count + 1
  return found
end

-- A line without our cookies, or nil where it has none; their values go to `values`.
local function strip(line, values)
  if not find(line, OWN, 1, true) then
    return nil
  end
  local kept, at = {}, 1
  while at do
    local stop = find(line, ";", at, true)
    local first = find(line, "[^ \t]", at)
    if first and sub(line, first, first + 13) == OWN then
      local equals = find(line, "=", first, true)
      if equals and (not stop or equals < stop) then
        values[sub(line, first, equals - 1)] = sub(line, equals + 1, (stop or 0) - 1)
      end
    elseif #kept == 0 and at > 1 and byte(line, at) == 32 then
      kept[1] = sub(line, at + 1, (stop or 0) - 1)
    else
      kept[#kept + 1] = sub(line, at, (stop or 0) - 1)
    end
    at = stop and stop + 1
  end
  return concat(kept, ";")
end

local function refuse(handle)
  handle:respond({ [":status"] = "401" }, "")
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local lines, stripped, values = headers:getNumValues("cookie"), nil, {}
  if lines == 1 then
    stripped = strip(headers:get("cookie"), values)
    if stripped == "" then
      headers:remove("cookie")
    elseif stripped then
      headers:replace("cookie", stripped)
    end
  else
    local all = {}
    for index = 0, lines - 1 do
      local line = headers:getAtIndex("cookie", index)
      local rest = strip(line, values) or line
      if rest ~= "" then
        all[#all + 1] = rest
      end
    end
    headers:remove("cookie")
    for _, line in ipairs(all) do
      headers:add("cookie", line)
    end
  end
  local expected, secret = headers:get("x-cnf"), values[BINDING]
  if not expected or not secret or confirmation(secret) ~= expected then
    return refuse(handle)
  end
  headers:remove("x-cnf")
  headers:replace("x-access-jwt-assertion", values[TOKEN])
end
