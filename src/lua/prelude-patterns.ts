/** Maps, lists of patterns, regular expressions and networks as scripts see them: tables over numbers of handles.ts. */
export const PATTERNS_PRELUDE = String.raw`
local api = ...
local setmetatable, ipairs = setmetatable, ipairs

local function finalized(class) return { __index = class, __gc = function(self) api.free(self[0]) end } end

-- Map
local Map, lookup = {}, {}
local map = finalized(lookup)
for _, name in ipairs({ 'int', 'ip', 'str', 'beg', 'sub', 'dir', 'dom', 'end', 'reg' }) do
  Map['_' .. name] = name
  if name ~= 'end' then Map[name] = name end
end
function Map.new(file, method) return setmetatable({ [0] = api.map_new(file, method or 'str') }, map) end
function lookup:lookup(key) return api.map_lookup(self[0], key) end
function lookup:slookup(key) return api.map_lookup(self[0], key) or '' end
_G.Map = Map

-- Regex
local Regex, matching = {}, {}
local regex = finalized(matching)
function Regex.new(pattern, case_sensitive)
  local handle, mistake = api.regex_new(pattern, case_sensitive)
  if handle == nil then return false, mistake end
  return true, setmetatable({ [0] = handle }, regex)
end
function matching:exec(text) return api.regex_exec(self[0], text) end
function matching:match(text)
  local groups = api.regex_match(self[0], text)
  return groups ~= nil, groups or {}
end
_G.Regex = Regex

-- Networks
local network= finalized({})
function core.parse_addr(text)
  local handle = core.parse_network(text)
  return handle and setmetatable({ [0] = handle }, network) or nil
end

-- Patref: its entries are fields
local Patref = {}
for _, name in ipairs({ 'is_map', 'prepare', 'commit', 'giveup', 'purge', 'add', 'add_bulk', 'del', 'set' }) do
  local call = api['patref_' .. name]
  Patref[name] = function(self, ...) return call(self[0], ...) end
end
function Patref:get_name() return api.patref_name(self[0]) end
local subscription = api.subscription
function Patref:event_sub(types, callback)
  return setmetatable({ [0] = api.patref_subscribe(self[0], types, callback) }, subscription)
end
local patref = finalized(Patref)
local walking = finalized({})
function patref:__index(key)
  local method = Patref[key]
  if method ~= nil then return method end
  return api.patref_get(self[0], key)
end
function patref:__newindex() end
function patref:__pairs()
  local walk = setmetatable({ [0] = api.patref_walk(self[0]) }, walking)
  return function() return api.patref_next(walk[0]) end
end
function core.get_patref(name) return setmetatable({ [0] = api.patref_open(name) }, patref) end
return {}
`;
