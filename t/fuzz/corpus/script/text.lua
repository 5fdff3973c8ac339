local s = [==[ # ]==] -- ^
function merge() return {s:sub(2), null, array{}, #s} end