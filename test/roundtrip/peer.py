"""A pymodbus server or client for the round trips.

peer.py serve tcp|udp socket|rtu|ascii        prints the port as JSON, serves until its input ends
peer.py ask   tcp|udp socket|rtu|ascii PORT SEED COUNT basic|all
                                              prints a JSON line a transaction: what was sent and what came back, under our field names
"""
import asyncio
import json
import logging
import os
import random
import struct
import sys
from types import SimpleNamespace

# pymodbus wants these for serial lines, which are not used here; Debian only recommends them.
sys.modules["serial"] = SimpleNamespace(Serial=None, SerialException=OSError)
sys.modules["serial_asyncio"] = SimpleNamespace(create_serial_connection=None)

from pymodbus import diag_message as diag
from pymodbus.client import ModbusTcpClient, ModbusUdpClient
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.file_message import (
    FileRecord,
    ReadFifoQueueRequest,
    ReadFifoQueueResponse,
    ReadFileRecordRequest,
    ReadFileRecordResponse,
    WriteFileRecordRequest,
)
from pymodbus.framer.ascii_framer import ModbusAsciiFramer
from pymodbus.framer.rtu_framer import ModbusRtuFramer
from pymodbus.framer.socket_framer import ModbusSocketFramer
from pymodbus.mei_message import ReadDeviceInformationRequest
from pymodbus.other_message import (
    GetCommEventCounterRequest,
    GetCommEventLogRequest,
    ReadExceptionStatusRequest,
    ReportSlaveIdRequest,
)
from pymodbus.register_read_message import ReadWriteMultipleRegistersRequest
from pymodbus.register_write_message import MaskWriteRegisterRequest
from pymodbus.server.async_io import ModbusTcpServer, ModbusUdpServer

logging.disable(logging.CRITICAL)
FRAMERS = {"socket": ModbusSocketFramer, "rtu": ModbusRtuFramer, "ascii": ModbusAsciiFramer}
UNITS = [1, 2, 17, 247]
PLACES = 400
NAMES = ["vendor_name", "product_code", "major_minor_revision", "vendor_url", "product_name", "model_name", "user_application_name"]


# pymodbus has no files and no queues, and encodes their answers wrongly: reference type before length (V1.1b3 section 6.14),
# bytes where registers are counted (section 6.18). Here they are right, and have something to say.
def read_file(self, _context):
    response = ReadFileRecordResponse()
    response.records = [struct.pack(f">{r.record_length}H", *[(r.file_number * 1000 + r.record_number + i) & 0xFFFF for i in range(r.record_length)]) for r in self.records]
    response.encode = lambda: bytes([sum(len(d) + 2 for d in response.records)]) + b"".join(bytes([len(d) + 1, 6]) + d for d in response.records)
    return response


def read_queue(self, _context):
    response = ReadFifoQueueResponse([(self.address * 7 + i) & 0xFFFF for i in range(self.address % 32)])
    response.encode = lambda: struct.pack(f">HH{len(response.values)}H", 2 + 2 * len(response.values), len(response.values), *response.values)
    return response


def decode_queue(self, data):
    count = struct.unpack(">H", data[2:4])[0]
    self.values = list(struct.unpack(f">{count}H", data[4 : 4 + 2 * count]))


def decode_file(self, data):
    self.records, at = [], 1
    while at < len(data):
        self.records.append(data[at + 2 : at + 1 + data[at]])
        at += 1 + data[at]


def repair():
    ReadFileRecordRequest.execute = read_file
    ReadFifoQueueRequest.execute = read_queue
    ReadFifoQueueResponse.decode = decode_queue
    ReadFileRecordResponse.decode = decode_file


def store():
    chance = random.Random(5)

    def block(most):
        return ModbusSequentialDataBlock(0, [chance.randrange(most) for _ in range(PLACES)])

    return ModbusSlaveContext(di=block(2), co=block(2), hr=block(65536), ir=block(65536), zero_mode=True)


async def serve(transport, framing):
    identity = ModbusDeviceIdentification(
        info_name={"VendorName": "Stillwater", "ProductCode": "SW-7", "MajorMinorRevision": "3.1", "VendorUrl": "https://example.org", "ProductName": "Pump", "ModelName": "P 7"}
    )
    context = ModbusServerContext(slaves={unit: store() for unit in UNITS}, single=False)
    kind = ModbusTcpServer if transport == "tcp" else ModbusUdpServer
    server = kind(context, framer=FRAMERS[framing], identity=identity, address=("127.0.0.1", 0))
    task = asyncio.ensure_future(server.serve_forever())
    await server.serving
    socket = server.server.sockets[0] if transport == "tcp" else server.protocol.get_extra_info("socket")
    print(json.dumps({"port": socket.getsockname()[1]}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    task.cancel()
    os._exit(0)


def hexed(words):
    return "".join(f"{word:04x}" for word in words)


class Client:
    def __init__(self, client, framing, chance):
        self.client = client
        self.framing = framing
        self.chance = chance

    def say(self, unit, code, response, sent, told):
        """One line: what was sent, and what came back unless it is an exception."""
        if response.isError() and not hasattr(response, "exception_code"):
            raise SystemExit(f"no answer to function {code}: {response}")
        refused = response.isError()
        line = {"unit_id": unit, "function_code": code, **sent, "exception_code": response.exception_code if refused else None}
        print(json.dumps({**line, **({} if refused else told(response))}), flush=True)

    def word(self):
        return self.chance.choice([0, 1, 0xFFFF, self.chance.randrange(65536)])

    def place(self):
        """Somewhere in the tables, at times beyond them."""
        return self.chance.choice([0, self.chance.randrange(PLACES), self.chance.randrange(PLACES), 65535, PLACES])

    def unit(self):
        return self.chance.choice(UNITS)

    def read(self, code):
        unit, address = self.unit(), self.place()
        count = self.chance.choice([1, self.chance.randrange(1, 17), 125])
        call = {1: self.client.read_coils, 2: self.client.read_discrete_inputs, 3: self.client.read_holding_registers, 4: self.client.read_input_registers}[code]
        values = (lambda r: {"values": [int(b) for b in r.bits[:count]]}) if code <= 2 else (lambda r: {"values": list(r.registers)})
        self.say(unit, code, call(address, count, slave=unit), {"address": address, "quantity": count}, values)

    def write(self, code):
        unit, address = self.unit(), self.place()
        count = 1 if code in (5, 6) else self.chance.choice([1, self.chance.randrange(1, 20), 100])
        values = [self.chance.randrange(2) if code in (5, 15) else self.word() for _ in range(count)]
        bits = [bool(v) for v in values]
        call = {
            5: lambda: self.client.write_coil(address, bits[0], slave=unit),
            6: lambda: self.client.write_register(address, values[0], slave=unit),
            15: lambda: self.client.write_coils(address, bits, slave=unit),
            16: lambda: self.client.write_registers(address, values, slave=unit),
        }[code]
        self.say(unit, code, call(), {"address": address, "quantity": count, "values": values}, lambda r: {})

    def diagnostics(self, sub):
        unit, data = self.chance.choice(UNITS), self.word()
        made = {
            0: lambda: diag.ReturnQueryDataRequest(data),
            1: lambda: diag.RestartCommunicationsOptionRequest(toggle=bool(data & 1)),
            3: lambda: diag.ChangeAsciiInputDelimiterRequest(data & 0xFF00),
        }
        plain = {
            2: diag.ReturnDiagnosticRegisterRequest,
            10: diag.ClearCountersRequest,
            11: diag.ReturnBusMessageCountRequest,
            12: diag.ReturnBusCommunicationErrorCountRequest,
            13: diag.ReturnBusExceptionErrorCountRequest,
            14: diag.ReturnSlaveMessageCountRequest,
            15: diag.ReturnSlaveNoResponseCountRequest,
            16: diag.ReturnSlaveNAKCountRequest,
            17: diag.ReturnSlaveBusyCountRequest,
            18: diag.ReturnSlaveBusCharacterOverrunCountRequest,
            20: diag.ClearOverrunCountRequest,
        }
        request = made[sub]() if sub in made else plain[sub]()
        request.unit_id = unit
        sent = request.encode()[2:].hex()
        self.say(unit, 8, self.client.execute(request), {"sub_function": sub, "data": sent}, lambda r: {"response_data": hexed(r.message)})

    def simple(self, code):
        unit = self.chance.choice(UNITS)
        request = {7: ReadExceptionStatusRequest, 11: GetCommEventCounterRequest, 12: GetCommEventLogRequest, 17: ReportSlaveIdRequest}[code]()
        request.unit_id = unit
        ready = lambda r: 0 if r.status else 0xFFFF
        told = {
            7: lambda r: {"status": r.status},
            11: lambda r: {"status": ready(r), "event_count": r.count},
            12: lambda r: {"status": ready(r), "event_count": r.event_count, "message_count": r.message_count, "events": bytes(r.events).hex()},
            17: lambda r: {"server_id": bytes(r.identifier).hex()},
        }[code]
        self.say(unit, code, self.client.execute(request), {}, told)

    def mask(self):
        unit, address, both = self.chance.choice(UNITS), self.place(), [self.word(), self.word()]
        request = MaskWriteRegisterRequest(address, both[0], both[1])
        request.unit_id = unit
        self.say(unit, 22, self.client.execute(request), {"address": address, "and_mask": both[0], "or_mask": both[1]}, lambda r: {})

    def exchange(self):
        unit = self.chance.choice(UNITS)
        read, write, count = self.place(), self.place(), self.chance.randrange(1, 60)
        values = [self.word() for _ in range(self.chance.randrange(1, 60))]
        request = ReadWriteMultipleRegistersRequest(read_address=read, read_count=count, write_address=write, write_registers=values)
        request.unit_id = unit
        sent = {"address": read, "quantity": count, "write_address": write, "write_quantity": len(values), "write_values": values}
        self.say(unit, 23, self.client.execute(request), sent, lambda r: {"values": list(r.registers)})

    def files(self, code):
        unit = self.chance.choice(UNITS)
        wanted = [(1 + self.chance.randrange(9), self.chance.randrange(10000), 1 + self.chance.randrange(9)) for _ in range(1 + self.chance.randrange(3))]
        data = [[self.word() for _ in range(length)] for _, _, length in wanted]
        if code == 20:
            request = ReadFileRecordRequest([FileRecord(file_number=f, record_number=r, record_length=n) for f, r, n in wanted])
            sent = [{"file": f, "record": r, "length": n} for f, r, n in wanted]
            told = lambda a: {"response_records": [list(struct.unpack(f">{len(d) // 2}H", d)) for d in a.records]}
        else:
            request = WriteFileRecordRequest([FileRecord(file_number=f, record_number=r, record_data=struct.pack(f">{n}H", *d)) for (f, r, n), d in zip(wanted, data)])
            sent = [{"file": f, "record": r, "length": n, "data": d} for (f, r, n), d in zip(wanted, data)]
            told = lambda a: {}
        request.unit_id = unit
        self.say(unit, code, self.client.execute(request), {"records": sent}, told)

    def queue(self):
        unit, address = self.chance.choice(UNITS), 1 + self.chance.randrange(30)
        request = ReadFifoQueueRequest(address)
        request.unit_id = unit
        self.say(unit, 24, self.client.execute(request), {"address": address}, lambda r: {"values": r.values})

    def identify(self):
        unit, level = self.chance.choice(UNITS), 1 + self.chance.randrange(3)
        request = ReadDeviceInformationRequest(read_code=level, object_id=0)
        request.unit_id = unit
        told = lambda r: {
            "conformity_level": r.conformity,
            "more_follows": bool(r.more_follows),
            "next_object_id": r.next_object_id,
            "device_identification": {NAMES[k]: v.decode() for k, v in r.information.items()},
        }
        self.say(unit, 43, self.client.execute(request), {"mei_type": 14, "read_device_id_code": level, "object_id": 0}, told)

    def round(self, which):
        """One function after the other, each as often as it has variants."""
        for code in (1, 2, 3, 4):
            self.read(code)
        for code in (5, 6, 15, 16):
            self.write(code)
        # pymodbus's own client waits without end for some answers in ASCII whose size it cannot tell beforehand.
        if self.framing == "ascii":
            return
        for sub in (0, 1, 2, 3, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20):
            self.diagnostics(sub)
        if which == "basic":
            return
        for code in (7, 11, 12, 17):
            self.simple(code)
        self.mask()
        self.exchange()
        self.files(20)
        self.files(21)
        self.queue()
        # Nor can it tell the size of this one in RTU.
        if self.framing == "socket":
            self.identify()


def ask(transport, framing, port, seed, count, which):
    kind = ModbusTcpClient if transport == "tcp" else ModbusUdpClient
    client = kind("127.0.0.1", port=port, framer=FRAMERS[framing], timeout=5, retries=0, retry_on_empty=False, strict=False)
    if not client.connect():
        raise SystemExit("no connection")
    caller = Client(client, framing, random.Random(seed))
    for _ in range(count):
        caller.round(which)
    client.close()


def main():
    repair()
    what, transport, framing, *rest = sys.argv[1:]
    if what == "serve":
        asyncio.run(serve(transport, framing))
    else:
        ask(transport, framing, *[int(x) for x in rest[:3]], rest[3])


main()
