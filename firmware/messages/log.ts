// The message store: an append-only log over a ring of flash pages. A message exists from the moment its commit word is
// written, and not before; a block is right only when its CRC says so. Pages are erased ahead of time, one per call of
// `maintain`, which the toy makes only while idle.

import { ERR_BUSY, ERR_DAMAGED, ERR_FULL, ERR_RANGE, OK, type Code, type Flash, type NativeCode } from "../../hal/contract.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../voice/abi.ts";
import {
  BLOCKS_PER_PAGE,
  ERASED_WORD,
  ORIGIN_FAMILY,
  ORIGIN_OWN,
  PAGE_HEADER_BYTES,
  PAGE_MAGIC,
  WORD_CHECK,
  WORD_COMMIT,
  WORD_DELETED,
  WORD_HEARD,
  WORD_MAGIC,
  WORD_PLACE,
  WORD_SAMPLES,
  WORD_SEQUENCE,
  blockOffset,
  checkOffset,
} from "./layout.ts";

/** The most messages kept at a time: bounds the index in RAM. */
export const MAX_MESSAGES = 64;

export interface Message {
  readonly sequence: number;
  readonly origin: number;
  readonly firstPage: number;
  readonly pages: number;
  readonly samples: number;
  isHeard: boolean;
}

export interface MessageLog {
  /** Rebuilds the index from flash. Called once, before anything else. */
  scan(): void;
  /** Begins a message; ERR_FULL when no page can be had without dropping an unheard family message. */
  begin(origin: number): Code;
  /** Samples that the message in the making can hold. */
  roomSamples(): number;
  append(block: Uint8Array): Code;
  /** Makes the message in the making a message. After OK no power cut can lose it. */
  commit(samples: number): Code;
  /** Drops the message in the making. */
  abandon(): void;
  /** Copies block `index` of a message; ERR_DAMAGED when it is not what was written. */
  readBlock(message: Message, index: number, into: Uint8Array): Code;
  markHeard(message: Message): Code;
  oldestUnheard(): Message | undefined;
  lastHeard(): Message | undefined;
  lastOwn(): Message | undefined;
  count(): number;
  /** One bounded step of housekeeping (at most one page erase); true when there is more to do. */
  maintain(): boolean;
  /** One step of forgetting everything; true when there is more to do. */
  forget(): boolean;
}

// What is known of a page. Order matters: up to UNVERIFIED a page may be written.
const ERASED = 0;
const UNVERIFIED = 1;
const DIRTY = 2;
const USED = 3;
const RETIRED = 4;

export function createMessageLog(flash: Flash, native: NativeCode, recordingSamples: number): MessageLog {
  const pages = flash.pages;
  const pageBytes = flash.pageBytes;
  const pageSamples = BLOCKS_PER_PAGE * BLOCK_SAMPLES;
  const recordingPages = Math.ceil(recordingSamples / pageSamples);
  // A ring too small for one recording keeps one message, which the next one replaces.
  const isSingle = pages < recordingPages;
  // One full recording is always kept ready, where the ring is large enough for that and one message more.
  const reserve = isSingle ? 0 : Math.min(recordingPages, pages >> 1);
  const blankCheck = native.crc32(new Uint8Array(pageBytes).fill(255));
  const states = new Uint8Array(pages);
  const messages: Message[] = [];
  const word = new Uint32Array(1);
  const wordBytes = new Uint8Array(word.buffer);
  const header = new Uint32Array(WORD_CHECK + 1);
  const headerBytes = new Uint8Array(header.buffer);
  let ready = 0;
  let dirty = 0;
  let head = 0;
  let nextSequence = 1;
  let isWriting = false;
  let writingPages = 0;
  let writingFirst = 0;
  let writingPage = 0;
  let writingBlocks = 0;
  let unheard: Message | undefined;
  let heard: Message | undefined;
  let own: Message | undefined;

  function setState(page: number, state: number): void {
    const old = states[page];
    if (old <= UNVERIFIED) ready--;
    else if (old === DIRTY) dirty--;
    states[page] = state;
    if (state <= UNVERIFIED) ready++;
    else if (state === DIRTY) dirty++;
  }

  function isBlank(page: number): boolean {
    return native.crc32(flash.read(page * pageBytes, pageBytes)) === blankCheck;
  }

  // A page's first four words if its header is whole. A read of more than two variables' worth of bytes is sought as one piece
  // of memory, which takes the interpreter 11 ms; these are fewer.
  function readPlace(page: number): Uint32Array | undefined {
    const words = new Uint32Array(flash.read(page * pageBytes, (WORD_CHECK + 1) * 4).buffer);
    return words[WORD_MAGIC] === PAGE_MAGIC && words[WORD_CHECK] === headerCheck(words) ? words : undefined;
  }

  function holds(page: number, sequence: number, index: number): boolean {
    const words = readPlace(page);
    return words !== undefined && words[WORD_SEQUENCE] === sequence && (words[WORD_PLACE] & 0xffff) === index;
  }

  function readWords(page: number): Uint32Array {
    return new Uint32Array(flash.read(page * pageBytes, PAGE_HEADER_BYTES).buffer);
  }

  function isUnwritten(page: number): boolean {
    return flash.read(page * pageBytes, 1)[0] === 255;
  }

  function writeWord(page: number, index: number, value: number): Code {
    word[0] = value;
    return flash.write(page * pageBytes + index * 4, wordBytes);
  }

  function headerCheck(words: Uint32Array): number {
    return native.crc32(new Uint8Array(words.buffer, 0, WORD_CHECK * 4));
  }

  function commitCheck(words: Uint32Array): number {
    return native.crc32(new Uint8Array(words.buffer, 0, WORD_COMMIT * 4));
  }

  function pagesOf(samples: number): number {
    return Math.ceil(samples / pageSamples);
  }

  // What a tap plays, worked out when the messages change and not when the child waits.
  function choose(): void {
    unheard = undefined;
    heard = undefined;
    own = undefined;
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i];
      if (message.origin === ORIGIN_OWN) own = message;
      else if (message.isHeard) heard = message;
      else if (!unheard) unheard = message;
    }
  }

  // Walks a message's pages in ring order, passing over pages of others. Returns the page at `index`, or -1.
  function pageAt(message: Message, index: number): number {
    let page = message.firstPage;
    let found = 0;
    for (let step = 0; step < pages; step++) {
      // The index knows the first page for certain.
      if (states[page] === USED && (step === 0 || holds(page, message.sequence, found))) {
        if (found === index) return page;
        found++;
      }
      page = page + 1 === pages ? 0 : page + 1;
    }
    return -1;
  }

  // Marks all pages of a message (or of what was written of one) for erasing.
  function release(firstPage: number, sequence: number, count: number): void {
    let page = firstPage;
    for (let step = 0; step < pages && count > 0; step++) {
      const words = states[page] === USED ? readPlace(page) : undefined;
      if (words && words[WORD_SEQUENCE] === sequence) {
        setState(page, DIRTY);
        count--;
      }
      page = page + 1 === pages ? 0 : page + 1;
    }
  }

  function remove(index: number): Code {
    const message = messages[index];
    const code = writeWord(message.firstPage, WORD_DELETED, 0);
    if (code !== OK) return code;
    messages.splice(index, 1);
    choose();
    release(message.firstPage, message.sequence, message.pages);
    return OK;
  }

  // Oldest first, but never an unheard family message, and the child's last own recording only when nothing could be recorded.
  function evict(): boolean {
    let victim = -1;
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i];
      if (message === own || (message.origin === ORIGIN_FAMILY && !message.isHeard)) continue;
      victim = i;
      break;
    }
    if (victim < 0 && own && ready === 0) victim = messages.indexOf(own);
    return victim >= 0 && remove(victim) === OK;
  }

  function scan(): void {
    const found: Message[] = [];
    const sequences = new Uint32Array(pages);
    let newest = 0;
    let hasAny = false;
    dirty = 0;
    states.fill(UNVERIFIED);
    ready = pages;
    for (let page = 0; page < pages; page++) {
      // Most pages are blank, and one byte costs far less than a whole header. What lies behind it is verified before use.
      if (isUnwritten(page)) continue;
      setState(page, DIRTY);
      const place = readPlace(page);
      if (!place) continue;
      const sequence = place[WORD_SEQUENCE];
      sequences[page] = sequence;
      if (!hasAny || ((sequence - newest) | 0) > 0) {
        newest = sequence;
        head = page;
        hasAny = true;
      }
      if ((place[WORD_PLACE] & 0xffff) !== 0) continue;
      const words = readWords(page);
      if (words[WORD_DELETED] !== ERASED_WORD || words[WORD_COMMIT] !== commitCheck(words)) continue;
      found.push({
        sequence: sequence,
        origin: words[WORD_PLACE] >>> 16,
        firstPage: page,
        pages: pagesOf(words[WORD_SAMPLES]),
        samples: words[WORD_SAMPLES],
        isHeard: words[WORD_HEARD] !== ERASED_WORD,
      });
    }
    if (hasAny) nextSequence = (newest + 1) >>> 0;
    for (let i = 0; i < found.length; i++) {
      const message = found[i];
      let page = message.firstPage;
      let missing = message.pages;
      for (let step = 0; step < pages && missing > 0; step++) {
        if (sequences[page] === message.sequence) {
          setState(page, USED);
          missing--;
        }
        page = page + 1 === pages ? 0 : page + 1;
      }
      let at = messages.length;
      while (at > 0 && ((messages[at - 1].sequence - message.sequence) | 0) > 0) at--;
      messages.splice(at, 0, message);
    }
    choose();
  }

  function takePage(): number {
    for (let step = 0; step < pages; step++) {
      head = head + 1 >= pages ? 0 : head + 1;
      if (states[head] === UNVERIFIED) setState(head, isBlank(head) ? ERASED : DIRTY);
      if (states[head] === ERASED) return head;
    }
    return -1;
  }

  // For the ring of one message, which is RAM: erasing takes no time there.
  function dropAll(): void {
    for (let i = messages.length - 1; i >= 0; i--) remove(i);
    for (let page = 0; page < pages; page++) {
      if (states[page] === DIRTY) setState(page, flash.erasePage(page) === OK ? ERASED : RETIRED);
    }
  }

  function begin(origin: number): Code {
    if (isWriting) return ERR_BUSY;
    if (isSingle) dropAll();
    if (ready === 0 || messages.length >= MAX_MESSAGES) return ERR_FULL;
    isWriting = true;
    writingPages = 0;
    writingBlocks = 0;
    header[WORD_MAGIC] = PAGE_MAGIC;
    header[WORD_SEQUENCE] = nextSequence;
    header[WORD_PLACE] = origin << 16;
    return OK;
  }

  function roomSamples(): number {
    return (ready + writingPages) * pageSamples;
  }

  function append(block: Uint8Array): Code {
    if (!isWriting) return ERR_RANGE;
    if (writingBlocks % BLOCKS_PER_PAGE === 0) {
      const page = takePage();
      if (page < 0) return ERR_FULL;
      if (writingPages === 0) writingFirst = page;
      writingPage = page;
      setState(page, USED);
      header[WORD_PLACE] = (header[WORD_PLACE] & 0xff0000) | writingPages;
      header[WORD_CHECK] = headerCheck(header);
      writingPages++;
      const headed = flash.write(page * pageBytes, headerBytes);
      if (headed !== OK) return headed;
    }
    const address = writingPage * pageBytes;
    const code = flash.write(address + blockOffset(writingBlocks), block);
    if (code !== OK) return code;
    word[0] = native.crc32(block);
    writingBlocks++;
    return flash.write(address + checkOffset(writingBlocks - 1), wordBytes);
  }

  function abandon(): void {
    if (!isWriting) return;
    isWriting = false;
    if (writingPages > 0) {
      release(writingFirst, header[WORD_SEQUENCE], writingPages);
      // Its number is on flash and must not be used again before those pages are erased.
      nextSequence = (nextSequence + 1) >>> 0;
    }
  }

  function commit(samples: number): Code {
    if (!isWriting) return ERR_RANGE;
    if (samples <= 0 || pagesOf(samples) !== writingPages) {
      abandon();
      return ERR_RANGE;
    }
    const words = readWords(writingFirst);
    words[WORD_SAMPLES] = samples;
    let code = writeWord(writingFirst, WORD_SAMPLES, samples);
    if (code === OK) code = writeWord(writingFirst, WORD_COMMIT, commitCheck(words));
    if (code !== OK) {
      abandon();
      return code;
    }
    isWriting = false;
    nextSequence = (nextSequence + 1) >>> 0;
    messages.push({
      sequence: header[WORD_SEQUENCE],
      origin: header[WORD_PLACE] >>> 16,
      firstPage: writingFirst,
      pages: writingPages,
      samples: samples,
      isHeard: false,
    });
    choose();
    return OK;
  }

  // The page of the last block that was read: playing goes forward, so the next block is there or right behind it.
  let cursorMessage: Message | undefined;
  let cursorIndex = -1;
  let cursorPage = -1;

  function readBlock(message: Message, index: number, into: Uint8Array): Code {
    if (index < 0 || index * BLOCK_SAMPLES >= message.samples) return ERR_RANGE;
    const pageIndex = Math.floor(index / BLOCKS_PER_PAGE);
    if (cursorMessage !== message || cursorIndex !== pageIndex) {
      const next = cursorPage + 1 === pages ? 0 : cursorPage + 1;
      const isNext = cursorMessage === message && pageIndex === cursorIndex + 1 && holds(next, message.sequence, pageIndex);
      cursorPage = isNext ? next : pageAt(message, pageIndex);
      cursorMessage = cursorPage < 0 ? undefined : message;
      cursorIndex = pageIndex;
    }
    if (cursorPage < 0) return ERR_DAMAGED;
    const address = cursorPage * pageBytes;
    into.set(flash.read(address + blockOffset(index), BLOCK_BYTES));
    const check = new Uint32Array(flash.read(address + checkOffset(index), 4).buffer)[0];
    return native.crc32(into) === check ? OK : ERR_DAMAGED;
  }

  function markHeard(message: Message): Code {
    if (message.isHeard) return OK;
    const code = writeWord(message.firstPage, WORD_HEARD, 0);
    if (code !== OK) return code;
    message.isHeard = true;
    choose();
    return OK;
  }

  // Makes one page writable: true when something was done.
  function cleanOne(): boolean {
    if (dirty === 0) return false;
    const page = states.indexOf(DIRTY);
    if (isBlank(page)) setState(page, ERASED);
    else setState(page, flash.erasePage(page) === OK ? ERASED : RETIRED);
    return true;
  }

  // Verifies one of the pages that a recording would take next, which then need not wait for it. The ring goes on from
  // `head`, so once these pages are known to be blank only a few pages of older messages can lie between.
  function verifyOne(): boolean {
    let page = head;
    for (let step = 0; step < reserve; step++) {
      page = page + 1 === pages ? 0 : page + 1;
      if (states[page] !== UNVERIFIED) continue;
      setState(page, isBlank(page) ? ERASED : DIRTY);
      return true;
    }
    return false;
  }

  function maintain(): boolean {
    if (isWriting) return false;
    if (cleanOne() || verifyOne()) return true;
    return (ready < reserve || messages.length >= MAX_MESSAGES) && evict();
  }

  function forget(): boolean {
    abandon();
    if (messages.length > 0) return remove(messages.length - 1) === OK;
    // A page that looks blank may hold the rest of a torn erase: it must prove itself like any other.
    const unverified = states.indexOf(UNVERIFIED);
    if (unverified >= 0) setState(unverified, DIRTY);
    return cleanOne();
  }

  return {
    scan: scan,
    begin: begin,
    roomSamples: roomSamples,
    append: append,
    commit: commit,
    abandon: abandon,
    readBlock: readBlock,
    markHeard: markHeard,
    oldestUnheard: function () {
      return unheard;
    },
    lastHeard: function () {
      return heard;
    },
    lastOwn: function () {
      return own;
    },
    count: function () {
      return messages.length;
    },
    maintain: maintain,
    forget: forget,
  };
}
