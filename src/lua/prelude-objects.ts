/**
 * Proxies, servers, listeners and stick tables as scripts see them: tables of Lua that hold names, and ask by them each
 * time, for all of these come and go. Calls that end in a function of this program are tail calls, so that its errors
 * name the place in the script.
 */
export const OBJECTS_PRELUDE = String.raw`
local api = ...
local setmetatable, ipairs, pairs, error, tonumber = setmetatable, ipairs, pairs, error, tonumber

-- A table that knows its keys only when it is asked
local function listing(names, make)
  local function has(_, name)
    for _, known in ipairs(names()) do if known == name then return make(name) end end
  end
  local function each()
    local all, index = names(), 0
    return function()
      index = index + 1
      if all[index] ~= nil then return all[index], make(all[index]) end
    end
  end
  return setmetatable({}, { __index = has, __pairs = each })
end

-- Server
local Server = {}
local server = { __index = Server }
local make_proxy
local function make_server(kind, proxy, name)
  return setmetatable({ kind = kind, proxy = proxy, name = name, puid = api.server_fact(kind, proxy, name, 'puid') }, server)
end
for method, what in pairs({ get_puid = 'puid', get_rid = 'rid', is_backup = 'backup', is_draining = 'draining',
    is_dynamic = 'dynamic', get_weight = 'weight', get_maxconn = 'maxconn', get_cur_sess = 'sessions',
    get_pend_conn = 'queued', get_addr = 'address' }) do
  Server[method] = function(self) return api.server_fact(self.kind, self.proxy, self.name, what) end
end
function Server:get_name() return self.name end
function Server:get_stats() return api.server_stats(self.kind, self.proxy, self.name) end
function Server:get_proxy() return make_proxy(self.kind)(self.proxy) end
function Server:tracking()
  local proxy, name = api.server_tracked(self.kind, self.proxy, self.name)
  return proxy and make_server('backend', proxy, name) or nil
end
function Server:get_trackers()
  local trackers = api.server_trackers(self.kind, self.proxy, self.name)
  for index, place in ipairs(trackers) do trackers[index] = make_server('backend', place.proxy, place.name) end
  return trackers
end

-- Changes are commands of the admin socket
local function place(self) return self.proxy .. '/' .. self.name end
for method, state in pairs({ set_drain = 'drain', set_maint = 'maint', set_ready = 'ready' }) do
  Server[method] = function(self) return api.order('set', 'server', place(self), 'state', state) end
end
for method, health in pairs({ check_force_up = 'up', check_force_nolb = 'stopping', check_force_down = 'down' }) do
  Server[method] = function(self) return api.order('set', 'server', place(self), 'health', health) end
end
for method, health in pairs({ agent_force_up = 'up', agent_force_down = 'down' }) do
  Server[method] = function(self) return api.order('set', 'server', place(self), 'agent', health) end
end
for method, words in pairs({ check_enable = { 'enable', 'health' }, check_disable = { 'disable', 'health' },
    agent_enable = { 'enable', 'agent' }, agent_disable = { 'disable', 'agent' } }) do
  Server[method] = function(self) return api.order(words[1], words[2], place(self)) end
end
function Server:shut_sess() return api.order('shutdown', 'sessions', 'server', place(self)) end
function Server:set_weight(weight) return api.ask('set', 'server', place(self), 'weight', weight) end
function Server:set_maxconn(most) return api.ask('set', 'maxconn', 'server', place(self), most) end
function Server:set_addr(address, port)
  if port == nil then return api.ask('set', 'server', place(self), 'addr', address) end
  return api.ask('set', 'server', place(self), 'addr', address, 'port', port)
end

-- Listener
local Listener = {}
local listener = { __index = Listener }
function Listener:get_stats() return api.listener_stats(self.kind, self.proxy, self.name) end

-- StickTable: lives as long as its proxy
local StickTable = {}
local stick_table = { __index = StickTable }
function StickTable:info() return api.table_info(self.name) end
function StickTable:lookup(key) return api.table_lookup(self.name, key) end
function StickTable:dump(filter) return api.table_dump(self.name, filter) end

-- Proxy
local Proxy = {}
local proxy = { __index = Proxy }
for method, what in pairs({ get_uuid = 'uuid', get_mode = 'mode', get_cap = 'cap', get_srv_act = 'act', get_srv_bck = 'bck' }) do
  Proxy[method] = function(self) return api.proxy_fact(self.kind, self.name, what) end
end
function Proxy:get_name() return self.name end
function Proxy:get_mailers() return api.mailers(self.kind, self.name) end
function Proxy:get_stats() return api.proxy_stats(self.kind, self.name) end
for method, verb in pairs({ pause = 'disable', resume = 'enable', stop = 'shutdown' }) do
  Proxy[method] = function(self)
    if api.proxy_fact(self.kind, self.name, 'cap') == 'backend' then return end
    return api.order(verb, 'frontend', self.name)
  end
end
function Proxy:shut_bcksess()
  for _, backup in pairs(self.servers) do if backup:is_backup() then backup:shut_sess() end end
end
make_proxy = function(kind)
  return function(name)
    return setmetatable({
      stktable = api.has_table(name) and setmetatable({ name = name }, stick_table) or nil,
      kind = kind, name = name, uuid = api.proxy_fact(kind, name, 'uuid'),
      servers = listing(function() return api.proxy_servers(kind, name) end,
        function(own) return make_server(kind, name, own) end),
      listeners = listing(function() return api.proxy_listeners(kind, name) end,
        function(own) return setmetatable({ kind = kind, proxy = name, name = own }, listener) end),
    }, proxy)
  end
end
for field, kind in pairs({ frontends = 'frontend', backends = 'backend', proxies = 'any' }) do
  core[field] = listing(function() return api.proxy_names(kind) end, make_proxy(kind))
end
core.get_info = api.info

-- Events
local EventSub = {}
local subscription = { __index = EventSub }
api.subscription = subscription
function EventSub:unsub() return api.unsubscribe(self[0]) end
function core.event_sub(types, callback)
  return setmetatable({ [0] = api.subscribe(types, callback) }, subscription)
end
function Server:event_sub(types, callback)
  return setmetatable({ [0] = api.subscribe(types, callback, self.proxy, self.name, tonumber(self:get_rid())) }, subscription)
end
local calls = {}
function calls.event(callback, handle, event, data, when)
  if data ~= nil and event ~= 'SERVER_DEL' and api.server_lives(data.proxy_name, data.name, data.rid) then
    data.reference = make_server('backend', data.proxy_name, data.name)
  end
  return callback(event, data, setmetatable({ [0] = handle }, subscription), when)
end

-- CertCache
CertCache = {}
function CertCache.set(certificate)
  local mistake = api.set_certificate(certificate)
  if mistake then error('CertCache.set: ' .. mistake, 2) end
end

return calls
`;
