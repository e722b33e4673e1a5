import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// Answers that are given before the end of the request's body. Either the rest of the body is read and dropped, and the
/// connection is kept, or it is not read, and the answer says that the connection ends (RFC 9112 section 9.3).
extension ConnectionHandler {
    /// How much of a body is read after its answer: about what a new connection would cost.
    private static let discardLimit = 256 * 1024

    /// Decides what becomes of the rest of the request's body, before the answer's head is written.
    func decideAboutRest(of exchange: Exchange) {
        guard !self.isRestRead(of: exchange) else { return }
        self.machine.closeAfterResponse()
    }

    private func isRestRead(of exchange: Exchange) -> Bool {
        // The body that such a client holds back may come or not: the next request could not be told from it.
        if exchange.request.expectsContinue { return false }
        // These two say that the body is not wanted (RFC 9110 sections 15.5.9 and 15.5.14).
        if exchange.errorCode == .requestTimeout || exchange.errorCode == .payloadTooLarge { return false }
        switch exchange.request.framing {
        case .length(let length): return length - self.bodyBytes <= Self.discardLimit
        case .chunked: return exchange.upstream == nil && self.dropReceivedBody(of: exchange)
        case .none, .untilClose: return true
        }
    }

    /// Drops what has come of a body whose end only the body itself tells. Returns whether the end was there.
    private func dropReceivedBody(of exchange: Exchange) -> Bool {
        do throws(MessageError) {
            while true {
                let before = self.inbound.readableBytes
                let event = try self.body.next(&self.inbound)
                exchange.bytesIn &+= UInt64(before - self.inbound.readableBytes)
                switch event {
                case .needMore: return false
                case .bytes: continue
                case .end:
                    exchange.isRequestEnded = true
                    self.waitForRead(.distantFuture)
                    self.act(on: self.machine.requestEnded())
                    return true
                }
            }
        } catch {
            self.machine.receivedMalformed()
            self.inbound.clear()
            exchange.isRequestEnded = true
            return false
        }
    }
}
