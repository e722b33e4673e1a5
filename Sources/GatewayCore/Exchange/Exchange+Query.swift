import GatewayHTTP

extension Exchange {
    /// Replaces the query of the request, for the middlewares below and the upstream. An empty one removes it.
    package func replaceQuery(with query: [UInt8]) {
        let path = self.request.headers.withBytes(self.rawPath) { Array($0) }
        let target = self.request.headers.store(room: path.count + query.count + 1) { head in
            head.write(path)
            guard !query.isEmpty else { return }
            head.write(UInt8(ascii: "?"))
            head.write(query)
        }
        self.request.pathAndQuery = target
        self.query =
            query.isEmpty ? .empty : ByteRange(offset: target.offset + path.count + 1, count: query.count)
    }
}
