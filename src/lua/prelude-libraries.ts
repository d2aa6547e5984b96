/**
 * Functions of `math` that Lua 5.4 has no more unless it is built for compatibility, as it is for HAProxy: scripts that were
 * written for older ones call them.
 */
export const LIBRARIES_PRELUDE = String.raw`
local math = math
if not math then return {} end
local exp, log, huge = math.exp, math.log, math.huge
function math.pow(x, y) return x ^ y end
function math.log10(x) return log(x, 10) end
function math.cosh(x) return (exp(x) + exp(-x)) / 2 end
function math.sinh(x) return (exp(x) - exp(-x)) / 2 end
function math.tanh(x)
  if x > 20 then return 1.0 elseif x < -20 then return -1.0 end
  return (exp(2 * x) - 1) / (exp(2 * x) + 1)
end
function math.ldexp(x, e) return x * 2.0 ^ e end
-- x is m * 2 ^ e, and m at least a half and less than one
function math.frexp(x)
  if x == 0 or x ~= x or x == huge or x == -huge then return x, 0 end
  local m, e = x, 0
  while m >= 1 or m <= -1 do m, e = m / 2, e + 1 end
  while m < 0.5 and m > -0.5 do m, e = m * 2, e - 1 end
  return m, e
end
math.atan2 = math.atan
return {}
`;
