#pragma once
#include <libxml/xmlversion.h>
/*
 * Debian's headers bring ICU's declarations along, which the compiler takes for other ones than Foundation's in every file
 * that imports Foundation beside us. Nothing here looks into the one structure that has members of ICU.
 */
#undef LIBXML_ICU_ENABLED
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <string.h>

/* What went wrong, without the document's text: `error` is libxml2's code, `level` 1 for a warning … 3 for a fatal one. */
typedef void (*sallyport_xml_problem)(void *user, int error, int level, int line, int column);

/* The type of the handler's parameter has changed between versions. */
#if LIBXML_VERSION >= 21200
static void sallyport_xml_report(void *user, const xmlError *error) {
#else
static void sallyport_xml_report(void *user, xmlErrorPtr error) {
#endif
    xmlParserCtxtPtr context = error == NULL ? NULL : (xmlParserCtxtPtr)error->ctxt;
    if (context != NULL && context->_private != NULL) {
        ((sallyport_xml_problem)context->_private)(user, error->code, (int)error->level, error->line, error->int2);
    }
}

/*
 * A push parser that builds no tree, declares no entity, fetches nothing and takes its input as UTF-8 whatever the
 * document declares. NULL if there is no memory.
 */
static inline xmlParserCtxtPtr sallyport_xml_create(
    startElementNsSAX2Func start, endElementNsSAX2Func end, charactersSAXFunc text,
    internalSubsetSAXFunc doctype, sallyport_xml_problem problem) {
    xmlSAXHandler handler;
    memset(&handler, 0, sizeof(handler));
    handler.initialized = XML_SAX2_MAGIC;
    handler.startElementNs = start;
    handler.endElementNs = end;
    handler.characters = text;
    handler.ignorableWhitespace = text;
    handler.cdataBlock = text;
    handler.internalSubset = doctype;
    handler.serror = sallyport_xml_report;
    xmlParserCtxtPtr context = xmlCreatePushParserCtxt(&handler, NULL, NULL, 0, NULL);
    if (context == NULL) {
        return NULL;
    }
    context->_private = (void *)problem;
    /* Without XML_PARSE_HUGE names, text and nesting keep the library's own bounds as well. */
    xmlCtxtUseOptions(context, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOCDATA);
    return context;
}

/* What callbacks get. */
static inline void sallyport_xml_set_user(xmlParserCtxtPtr context, void *user) { context->userData = user; }

/* No more events from this context, of the chunk in hand neither. */
static inline void sallyport_xml_silence(xmlParserCtxtPtr context) { context->disableSAX = 1; }

static inline int sallyport_xml_line(xmlParserCtxtPtr context) {
    return context->input == NULL ? 0 : context->input->line;
}

static inline int sallyport_xml_column(xmlParserCtxtPtr context) {
    return context->input == NULL ? 0 : context->input->col;
}

static inline int sallyport_xml_is_well_formed(xmlParserCtxtPtr context) { return context->wellFormed != 0; }
