import GatewayHTTP
import GatewayHTTP1
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Answers on the wire of HTTP/1 (RFC 9112).
extension ConnectionHandler: ClientStream {
    var scheme: StaticString { "http" }
    var protocolName: StaticString { self.exchange?.request.minorVersion == 0 ? "HTTP/1.0" : "HTTP/1.1" }

    func writeInformational(_ head: borrowing ResponseHead) {
        // RFC 9110 section 15.2: a client of HTTP/1.0 knows no such responses.
        guard self.exchange?.request.minorVersion == 1 else { return }
        if head.status == 100 { self.bodyIsAwaited() }
        self.collect { buffer in
            buffer.writeHead(room: head.headers.bytes.readableBytes + 64) { output in
                output.writeStatusLine(of: head)
                output.writeFields(head.headers)
                output.writeLineEnd()
            }
        }
    }

    func writeHead(of exchange: Exchange) {
        let isOld = exchange.request.minorVersion == 0
        let isUnbounded = exchange.response.framing.isUnbounded
        self.isChunked = isUnbounded && !isOld
        if isUnbounded, isOld { self.machine.closeAfterBody() }
        if !exchange.isRequestEnded { self.decideAboutRest(of: exchange) }
        let closes = self.machine.responseBegan(isStopping: self.worker.shared.isDraining)
        // RFC 9110 section 7.8: who sends Upgrade names it in Connection.
        let upgrades = exchange.response.status == 426 && exchange.response.headers.contains(.upgrade)
        // Nothing follows a body that is not chunked.
        if !self.isChunked { exchange.response.headers.remove(.trailer) }
        let date = exchange.response.headers.contains(.date) ? nil : self.worker.date()
        let isChunked = self.isChunked
        self.collect { buffer in
            buffer.writeHead(room: exchange.response.headers.bytes.readableBytes + 256) { output in
                output.writeStatusLine(of: exchange.response)
                output.writeFields(exchange.response.headers)
                if let date {
                    output.write("Date: ")
                    output.write(date)
                    output.writeLineEnd()
                }
                if isChunked { output.write("Transfer-Encoding: chunked\r\n") }
                if closes { output.write("Connection: close\r\n") }
                if isOld, !closes { output.write("Connection: keep-alive\r\n") }
                if upgrades { output.write("Connection: upgrade\r\n") }
                output.writeLineEnd()
            }
        }
    }

    func writeBody(_ chunk: ByteBuffer) {
        guard chunk.readableBytes > 0, let context = self.context else { return }
        let count = self.output.write(chunk, asChunk: self.isChunked, to: context)
        self.wrote(count)
        self.exchange?.bytesOut &+= UInt64(count)
    }

    func writeEnd(of exchange: Exchange) {
        guard self.isChunked else { return }
        self.isChunked = false
        self.collect { $0.writeLastChunk(trailers: exchange.responseTrailers) }
    }

    func cut() {
        self.machine.closed()
        // Whoever cuts ends the exchange too: it must not hear of it a second time, when it may be another's already.
        self.exchange = nil
        guard let context = self.context else { return }
        // A kept connection that ends without a byte looks idle, and its client would send the request once more.
        self.output.flush(context)
        // Where the end of the connection would be the end of the body, only a reset tells the two apart.
        let reset = linger(l_onoff: 1, l_linger: 0)
        (context.channel as? any SocketOptionProvider)?.setSoLinger(reset).whenFailure { _ in }
        context.close(promise: nil)
    }

    private func collect(_ write: (inout ByteBuffer) -> Void) {
        let count = self.output.collect(write)
        self.exchange?.bytesOut &+= UInt64(count)
    }
}
