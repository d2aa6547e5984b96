/**
 * The classes that scripts see, as far as they are tables of Lua over functions of this program: `api` holds those. An
 * object is a table whose field 0 is the number of what it stands for (handles.ts).
 */
export const PRELUDE = String.raw`
local api = ...
local rawset, setmetatable, type, tostring, select = rawset, setmetatable, type, tostring, select

-- Fetches and Converters: a method for each name that exists, made when it is first asked for
local function sample_class(knows, call, as_text)
  local class = {}
  setmetatable(class, { __index = function(_, name)
    if type(name) ~= 'string' or not knows(name) then return nil end
    local function method(self, ...) return call(self[0], as_text, name, ...) end
    rawset(class, name, method)
    return method
  end })
  return { __index = class }
end

local fetches = sample_class(api.knows_fetch, api.fetch, false)
local text_fetches = sample_class(api.knows_fetch, api.fetch, true)
local converters = sample_class(api.knows_converter, api.convert, false)
local text_converters = sample_class(api.knows_converter, api.convert, true)

-- HTTP: changes to both heads
local HTTP = {}
for prefix, is_response in pairs({ req_ = false, res_ = true }) do
  HTTP[prefix .. 'get_headers'] = function(self) return api.headers(self[0], is_response) end
  HTTP[prefix .. 'add_header'] = function(self, name, value) api.add_header(self[0], is_response, name, value) end
  HTTP[prefix .. 'set_header'] = function(self, name, value) api.set_header(self[0], is_response, name, value) end
  HTTP[prefix .. 'del_header'] = function(self, name) api.del_header(self[0], is_response, name) end
  HTTP[prefix .. 'rep_header'] = function(self, name, regex, by) api.replace_header(self[0], is_response, name, regex, by) end
  HTTP[prefix .. 'rep_value'] = function(self, name, regex, by) api.replace_value(self[0], is_response, name, regex, by) end
end
function HTTP:req_set_method(value) return api.set_method(self[0], value) end
function HTTP:req_set_path(value) return api.set_path(self[0], value) end
function HTTP:req_set_query(value) return api.set_query(self[0], value) end
function HTTP:req_set_uri(value) return api.set_uri(self[0], value) end
function HTTP:res_set_status(status, reason) api.set_status(self[0], status, reason) end
local http = { __index = HTTP }

-- Channel
local Channel = {}
for _, name in ipairs({ 'append', 'data', 'forward', 'input', 'insert', 'is_full', 'is_resp', 'line', 'may_recv',
    'output', 'prepend', 'remove', 'send', 'set', 'dup', 'get', 'getline', 'get_in_len', 'get_out_len' }) do
  local call = api['channel_' .. name]
  Channel[name] = function(self, ...) return call(self[0], self.response, ...) end
end
local channel = { __index = Channel }

-- HTTPMessage
local HTTPMessage = {}
for method, name in pairs({ get_headers = 'headers', add_header = 'add_header', set_header = 'set_header',
    del_header = 'del_header', rep_header = 'replace_header', rep_value = 'replace_value', get_stline = 'message_line',
    body = 'message_body', eom = 'message_eom', set_eom = 'message_set_eom', unset_eom = 'message_unset_eom',
    set_body_len = 'message_set_length', append = 'message_append', prepend = 'message_prepend',
    insert = 'message_insert', remove = 'message_remove', set = 'message_set', send = 'message_send',
    forward = 'message_forward', input = 'channel_input', output = 'channel_output', is_full = 'channel_is_full',
    is_resp = 'channel_is_resp', may_recv = 'channel_may_recv' }) do
  local call = api[name]
  HTTPMessage[method] = function(self, ...) return call(self[0], self.response, ...) end
end
local function of_request(call)
  return function(self, ...)
    if self.response then error('this message is no request', 2) end
    return call(self[0], ...)
  end
end
for _, name in ipairs({ 'set_method', 'set_path', 'set_query', 'set_uri' }) do HTTPMessage[name] = of_request(api[name]) end
function HTTPMessage:set_status(status, reason)
  if not self.response then error('this message is no response', 2) end
  return api.set_status(self[0], status, reason)
end
local http_message = { __index = HTTPMessage }

-- Reply
local Reply = {}
local reply = { __index = Reply }
function Reply:set_status(status, reason) self.status, self.reason = status, reason or api.reason_of(status) end
function Reply:set_body(body) self.body = body end
function Reply:add_header(name, value)
  local values = self.headers[name]
  if values == nil then self.headers[name] = { value }
  elseif type(values) == 'table' then values[#values + 1] = value
  else self.headers[name] = { values, value } end
end
function Reply:del_header(name) self.headers[name] = nil end

-- TXN: its parts are made when they are asked for
local TXN = {}
local parts = {
  f = function(handle) return setmetatable({ [0] = handle }, fetches) end,
  sf = function(handle) return setmetatable({ [0] = handle }, text_fetches) end,
  c = function(handle) return setmetatable({ [0] = handle }, converters) end,
  sc = function(handle) return setmetatable({ [0] = handle }, text_converters) end,
  http = function(handle) return api.is_http(handle) and setmetatable({ [0] = handle }, http) or nil end,
  req = function(handle) return setmetatable({ [0] = handle, response = false }, channel) end,
  res = function(handle) return setmetatable({ [0] = handle, response = true }, channel) end,
}
local function with_parts(methods)
  return { __index = function(self, name)
    local method = methods[name]
    if method ~= nil then return method end
    local make = parts[name]
    if make == nil then return nil end
    local part = make(self[0])
    rawset(self, name, part)
    return part
  end }
end
for _, name in ipairs({ 'set_var', 'unset_var', 'get_var', 'set_priv', 'get_priv', 'log', 'done', 'set_loglevel',
    'set_fc_tos', 'set_fc_mark', 'set_priority_class', 'set_priority_offset' }) do
  local call = api[name]
  TXN[name] = function(self, ...) return call(self[0], ...) end
end
TXN.set_tos, TXN.set_mark = TXN.set_fc_tos, TXN.set_fc_mark
function TXN:deflog(text) api.log(self[0], 6, text) end
function TXN:Debug(text) api.log(self[0], 7, text) end
function TXN:Info(text) api.log(self[0], 6, text) end
function TXN:Warning(text) api.log(self[0], 4, text) end
function TXN:Alert(text) api.log(self[0], 1, text) end
function TXN:reply(given)
  local made = { status = 200, headers = {} }
  for name, value in pairs(given or {}) do made[name] = value end
  for name, values in pairs(made.headers) do
    if type(values) ~= 'table' then made.headers[name] = { values } end
  end
  made.reason = made.reason or type(made.status) == 'number' and api.reason_of(made.status) or nil
  return setmetatable(made, reply)
end
local txn = with_parts(TXN)

-- filter: what a filter sees of a stream
local filtering = setmetatable({}, { __mode = 'k' })
local function seen_by(instance, handle)
  local seen = filtering[instance]
  if seen ~= nil and seen[0] == handle then return seen end
  seen = setmetatable({ [0] = handle }, txn)
  for field, is_response in pairs({ http_req = false, http_res = true }) do
    local chn = is_response and seen.res or seen.req
    rawset(seen, field, setmetatable({ [0] = handle, response = is_response, channel = chn }, http_message))
  end
  filtering[instance] = seen
  return seen
end
local wakened
local filter = { CONTINUE = 1, WAIT = 0, ERROR = -1, FLT_CFG_FL_HTX = 1 }
function filter.wake_time(ms) api.wake_time(wakened, ms) end
for name, wanted in pairs({ register_data_filter = true, unregister_data_filter = false }) do
  filter[name] = function(...)
    local chn = select(-1, ...)
    api.filter_data(chn[0], chn.response, wanted)
  end
end
_G.filter = filter

-- AppletHTTP and AppletTCP
local AppletHTTP, AppletTCP = {}, {}
for _, name in ipairs({ 'set_var', 'unset_var', 'get_var', 'set_priv', 'get_priv' }) do
  AppletHTTP[name], AppletTCP[name] = TXN[name], TXN[name]
end
function AppletHTTP:set_status(status, reason) return api.service_set_status(self[0], status, reason) end
function AppletHTTP:add_header(name, value) return api.service_add_header(self[0], name, value) end
function AppletHTTP:start_response() return api.service_start(self[0]) end
for _, name in ipairs({ 'send', 'receive', 'getline', 'try_receive' }) do
  local call = api['service_' .. name]
  local function method(self, ...) return call(self[0], ...) end
  AppletTCP[name] = method
  if name ~= 'try_receive' then AppletHTTP[name] = method end
end
local applet_http, applet_tcp = with_parts(AppletHTTP), with_parts(AppletTCP)

-- what this program calls
local calls = {}
local act = { CONTINUE = 0, STOP = 1, YIELD = 2, ERROR = 3, DONE = 4, DENY = 5, ABORT = 6, INVALID = 7 }
local acting
function act:wake_time(ms)
  if ms == nil then ms = self end
  api.wake_time(acting, ms)
end
_G.act = act

function calls.action(callback, handle, ...)
  acting = handle
  return callback(setmetatable({ [0] = handle }, txn), ...)
end
function calls.filter_make(class, parse, ...)
  if type(class.new) ~= 'function' then return nil, 'no-new' end
  local made = parse(setmetatable({}, { __index = class }), { ... })
  if made == nil then return nil end
  if type(made) ~= 'table' then error('a filter is a table', 0) end
  local flags = made.flags or 0
  return made, math.type(flags) == 'integer' and flags & filter.FLT_CFG_FL_HTX ~= 0
end
function calls.filter_new(made) return made:new() end
function calls.filter_call(instance, name, handle, is_response, is_message)
  local callback = instance[name]
  if callback == nil then return nil end
  local seen = seen_by(instance, handle)
  wakened = handle
  if is_message then return callback(instance, seen, is_response and seen.http_res or seen.http_req) end
  return callback(instance, seen, is_response and seen.res or seen.req)
end
function calls.fetch(callback, handle, ...)
  return callback(setmetatable({ [0] = handle }, txn), ...)
end

function calls.service_http(callback, handle)
  local applet = api.service_request(handle)
  applet[0] = handle
  return callback(setmetatable(applet, applet_http))
end
function calls.service_tcp(callback, handle, ...)
  return callback(setmetatable({ [0] = handle }, applet_tcp), ...)
end

-- core
local core = api.core
_G.core = core
core.silent, core.emerg, core.alert, core.crit, core.err = -1, 0, 1, 2, 3
core.warning, core.notice, core.info, core.debug = 4, 5, 6, 7
function core.Debug(text) core.log(7, text) end
function core.Info(text) core.log(6, text) end
function core.Warning(text) core.log(4, text) end
function core.Alert(text) core.log(1, text) end

-- Concat
local Concat = {}
local concat = { __index = Concat }
function Concat:add(text) self[#self + 1] = tostring(text) end
function Concat:dump()
  local text = api.join(self)
  self[1] = text
  for index = #self, 2, -1 do self[index] = nil end
  return text
end
function core.concat() return setmetatable({}, concat) end

-- a script sends the mails of email-alert; the other name is that of HAProxy 2.8
function core.use_native_mailers_config() return api.take_mails() end
core.disable_legacy_mailers = core.use_native_mailers_config

-- Queue
local Queue = {}
local queue = { __index = Queue, __gc = function(self) api.free(self[0]) end }
function Queue:size() return self.last - self.first + 1 end
function Queue:push(item)
  if item == nil then error('a queue cannot hold nil', 2) end
  self.last = self.last + 1
  self.items[self.last] = item
  api.queue_pushed(self[0])
  return true
end
function Queue:pop()
  if self.first > self.last then return nil end
  local item = self.items[self.first]
  self.items[self.first] = nil
  self.first = self.first + 1
  return item
end
function Queue:pop_wait()
  while self.first > self.last do api.queue_wait(self[0]) end
  return self:pop()
end
function Queue:alarm() api.queue_alarm(self[0]) end
function core.queue() return setmetatable({ [0] = api.queue_new(), items = {}, first = 1, last = 0 }, queue) end

calls.collect = collectgarbage

-- Socket
local Socket = {}
local socket = { __index = Socket, __gc = function(self) api.socket_close(self[0]) end }
function Socket:connect(address, port) return api.socket_connect(self[0], false, address, port) end
function Socket:connect_ssl(address, port) return api.socket_connect(self[0], true, address, port) end
function Socket:close() api.socket_close(self[0]) end
function Socket:send(text, first, last) return api.socket_send(self[0], text, first, last) end
function Socket:receive(pattern, prefix) return api.socket_receive(self[0], pattern, prefix) end
function Socket:settimeout(seconds) return api.socket_timeout(self[0], seconds) end
function Socket:getpeername() return api.socket_peer(self[0]) end
function Socket:getsockname() return api.socket_local(self[0]) end
function Socket:setoption() return 1 end
function core.tcp() return setmetatable({ [0] = api.socket_new() }, socket) end

-- HTTPClient
local HTTPClient = {}
local http_client = { __index = HTTPClient }
for _, method in ipairs({ 'get', 'head', 'put', 'post', 'delete' }) do
  HTTPClient[method] = function(self, request)
    if self.used then error('an httpclient object serves one request only', 2) end
    self.used = true
    return api.http_ask(method:upper(), request)
  end
end
function core.httpclient() return setmetatable({}, http_client) end

if os then
  os.exit = function() error('os.exit() is not possible here', 2) end
end
return calls
`;
