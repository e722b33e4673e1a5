package import GatewayHTTP
import GatewayHTTP1
package import NIOCore

/// The connection as seen by the exchange: responses are written as HTTP/1 (RFC 9112), and the request's body is read
/// on demand.
extension ConnectionHandler: ClientStream {
    /// The maximum number of body bytes to read after the response. Reading more costs more than a new connection.
    private static let discardLimit = 256 * 1024

    package var isWritable: Bool { self.machine.isWritable }
    package var scheme: StaticString { self.tls == nil ? "http" : "https" }
    package var protocolName: StaticString { self.exchange?.request.minorVersion == 0 ? "HTTP/1.0" : "HTTP/1.1" }

    // MARK: The response

    package func writeInformational(_ head: borrowing ResponseHead) {
        // HTTP/1.0 has no interim responses (RFC 9110 section 15.2).
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

    package func writeHead(of exchange: Exchange) {
        if exchange.response.status == 101 { return self.writeUpgrade(of: exchange) }
        let isOld = exchange.request.minorVersion == 0
        self.machine.responseFramed(isUnbounded: exchange.response.framing.isUnbounded, isHTTP10: isOld)
        if !exchange.state.isRequestEnded, !self.readsRest(of: exchange) { self.machine.closeAfterResponse() }
        let closes = self.machine.responseBegan(isStopping: self.worker.shared.isDraining)
        // A message with `Upgrade` also lists it in `Connection` (RFC 9110 section 7.8).
        let upgrades = exchange.response.status == 426 && exchange.response.headers.contains(.upgrade)
        let isChunked = self.machine.isChunked
        // Only a chunked body has trailers.
        if !isChunked { exchange.response.headers.remove(.trailer) }
        let date = exchange.response.headers.contains(.date) ? nil : self.worker.date()
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

    /// Writes the head of a 101 response, after which the connection belongs to the upgraded protocol.
    private func writeUpgrade(of exchange: Exchange) {
        guard case .tunnel = self.machine.switchedProtocols() else { return }
        self.collect { buffer in
            buffer.writeHead(room: exchange.response.headers.bytes.readableBytes + 128) { output in
                output.writeStatusLine(of: exchange.response)
                output.writeFields(exchange.response.headers)
                output.write("Connection: Upgrade\r\nUpgrade: websocket\r\n")
                output.writeLineEnd()
            }
        }
    }

    package func writeBody(_ chunk: ByteBuffer) {
        guard chunk.readableBytes > 0, let context = self.context else { return }
        let count = self.output.write(chunk, asChunk: self.machine.isChunked, to: context)
        self.clock.wrote(count)
        self.exchange?.bytesOut &+= UInt64(count)
    }

    package func writeEnd(of exchange: Exchange) {
        guard self.machine.responseBodyEnded() else { return }
        self.collect { $0.writeLastChunk(trailers: exchange.responseBody.trailers) }
    }

    func collect(_ write: (inout ByteBuffer) -> Void) {
        let count = self.output.collect(write)
        self.exchange?.bytesOut &+= UInt64(count)
    }

    package func flush() {
        switch self.machine.flushRequested() {
        case .now: self.flushNow()
        case .afterPass: break
        }
    }

    func flushNow() {
        self.machine.flushed()
        if let context = self.context { self.output.flush(context) }
    }

    package func output(of exchange: Exchange) -> ClientOutput {
        let waiting = self.bufferedBytes
        return ClientOutput(taken: Int(clamping: exchange.bytesOut) - waiting, waiting: waiting)
    }

    package func cut() {
        let isTunnel = self.machine.isTunnel
        self.machine.closed()
        // The caller ends the exchange. Do not end it again later, when the object may serve another request.
        self.exchange = nil
        guard let context = self.context else { return }
        // Flush first: a reused connection that ends without any bytes looks idle, so its client would send the
        // request again.
        self.output.flush(context)
        // If the end of the connection marks the end of the body, only a reset shows that the body is incomplete. An
        // upgraded protocol marks its own end.
        if !isTunnel, let socket = self.socket { Platform.resetOnClose(socket) }
        context.closeWithoutNotice()
    }

    package func exchangeEnded(_ exchange: Exchange) {
        guard self.exchange === exchange else { return }
        self.exchange = nil
        self.act(on: self.machine.responseEnded(buffered: self.reader.buffered))
    }

    // MARK: The request's body

    package func pauseRequestBody() {
        guard self.machine.bodyPaused() == .changed else { return }
        self.clock.bodyPaused(at: self.worker.now)
        self.waitForRead(.distantFuture)
    }

    package func resumeRequestBody() {
        guard self.machine.bodyResumed() == .changed else { return }
        self.clock.bodyResumed(at: self.worker.now)
        self.process()
    }

    /// Returns whether to read and drop the rest of a request's body after an early response, so that the connection
    /// can be kept. If not, the response announces that the connection closes (RFC 9112 section 9.3).
    private func readsRest(of exchange: Exchange) -> Bool {
        // A client that waits for 100 (Continue) may or may not send its body, so the start of the next request is
        // ambiguous.
        if exchange.request.expectsContinue { return false }
        // These errors say that the body is not wanted (RFC 9110 sections 15.5.9 and 15.5.14).
        if exchange.errorCode == .requestTimeout || exchange.errorCode == .payloadTooLarge { return false }
        switch exchange.request.framing {
        case .length(let length): return length - self.reader.bodyBytes <= Self.discardLimit
        case .chunked: return exchange.upstream == nil && self.dropReceivedBody(of: exchange)
        case .none, .untilClose: return true
        }
    }

    /// Drops the received part of a chunked body. Returns whether it includes the end of the body.
    private func dropReceivedBody(of exchange: Exchange) -> Bool {
        do throws(MessageError) {
            while true {
                let before = self.reader.buffered
                let event = try self.reader.readBody()
                exchange.bytesIn &+= UInt64(before - self.reader.buffered)
                switch event {
                case .needMore: return false
                case .bytes: continue
                case .end:
                    exchange.state.abandonRequest()
                    self.waitForRead(.distantFuture)
                    self.act(on: self.machine.requestEnded(buffered: self.reader.buffered))
                    return true
                }
            }
        } catch {
            self.machine.receivedMalformed()
            self.reader.drop()
            exchange.state.abandonRequest()
            return false
        }
    }
}
