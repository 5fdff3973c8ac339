function merge(base, a, b, path)
  a.n[#a.n + 1] = base.big
  for k, v in pairs(base) do a[k] = v end
  table.sort(a.n, function(x, y) return tostring(x) < tostring(y) end)
  return a
end
