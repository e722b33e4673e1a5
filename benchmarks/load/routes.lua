-- Requests all routes in sequence, so that processor caches do not hold a single route.
-- Argument: the number of routes. summary.lua prints the result.
dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "summary.lua")

local requests, count, at = {}, 0, 0

function init(arguments)
    count = tonumber(arguments[1])
    -- A stride coprime to the count: neighbors in the file are not requested in succession.
    local stride = 7919
    for number = 1, count do
        requests[number] = wrk.format("GET", "/r" .. ((number * stride) % count) .. "/item")
    end
end

function request()
    at = at % count + 1
    return requests[at]
end
