internal import CCurl
internal import Domain

/// What is known of a transfer that ended without a usable answer; decides its ``OutboundError``.
struct TransferOutcome {
    /// Why we ended it ourselves; nil where libcurl did.
    var abortReason: OutboundError?
    /// Addresses that the destination policy refused.
    var refusedAddresses = 0
    /// Addresses that a connect was tried to.
    var permittedAddresses = 0
    /// Whether a byte of the request may have left; never falls back to false within a transfer.
    var mayHaveSent = false

    /// Groups libcurl's codes by what they say of the peer; the code of a failure in between falls under "lost".
    func error(for code: CURLcode) -> OutboundError {
        if let abortReason { return abortReason }
        switch code {
        case CURLE_URL_MALFORMAT: return .invalidRequest
        case CURLE_UNSUPPORTED_PROTOCOL: return mayHaveSent ? .malformedResponse : .invalidRequest
        case CURLE_COULDNT_RESOLVE_HOST: return mayHaveSent ? .outcomeUnknown : .unresolvable
        case CURLE_COULDNT_CONNECT where !mayHaveSent && refusedAddresses > 0 && permittedAddresses == 0:
            return .destinationRefused
        case CURLE_OPERATION_TIMEDOUT: return mayHaveSent ? .outcomeUnknown : .timedOutBeforeSending
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_USE_SSL_FAILED:
            return mayHaveSent ? .outcomeUnknown : .tlsFailed
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP2, CURLE_WRITE_ERROR:
            return .malformedResponse
        case CURLE_FILESIZE_EXCEEDED: return .responseTooLarge
        case CURLE_ABORTED_BY_CALLBACK: return .cancelled
        case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT: return mayHaveSent ? .outcomeUnknown : .overloaded
        default: return mayHaveSent ? .outcomeUnknown : .unreachable
        }
    }
}
