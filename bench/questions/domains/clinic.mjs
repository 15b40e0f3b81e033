// A Spanish clinic's appointments.
import { day, person } from "./words.mjs";

const patient = (r) => `p-${r.digits(6)}`;

export const clinic = {
  service: "clinica-citas",
  agents: ["recepcion", "agenda", "facturacion", "laboratorio"],
  system: `Eres la recepción de la Clínica del Río. Contestas en español, con frases cortas y amables.
Antes de reservar confirma nombre, fecha de nacimiento y especialidad. Nunca das un diagnóstico ni interpretas resultados.
Los resultados del laboratorio se entregan solo al paciente. Ofrece como mucho tres huecos.
Si el seguro no cubre la visita, dilo con el precio antes de reservar. Lo urgente va al 112.
Si algo no se pudo hacer, dilo claramente y ofrece llamar por teléfono.`,
  users: [
    (r) => `Buenos días, soy ${person(r)}. Necesito cita con dermatología a partir del ${day(r)}, mejor por la tarde.`,
    (r) => `¿Están ya mis análisis del ${day(r)}?`,
    (r) => `Quiero cambiar la cita del ${day(r)} y saber si mi seguro cubre la resonancia.`,
  ],
  notes: ["Veo", "Encontrado:", "Según la ficha:", "Bien:"],
  detail: "En detalle",
  thinks: ["Miro la agenda.", "Compruebo el seguro.", "Busco la ficha.", ""],
  answers: [
    (r) => `Tiene hueco el ${day(r)} a las ${r.between(9, 19)}:30 con la doctora Iyer. ¿Se lo reservo?`,
    (r) => `Sus análisis están listos desde el ${day(r)}; puede verlos en el portal. El seguro cubre la visita.`,
  ],
  tools: [
    {
      name: "buscar_paciente",
      says: "Ficha de un paciente",
      needs: ["paciente"],
      ms: 180,
      args: (r) => ({ paciente: patient(r) }),
      result: (a, r) => ({ paciente: a.paciente, nombre: person(r), nacido: `19${r.between(40, 99)}`, alta: true }),
    },
    {
      name: "huecos_libres",
      says: "Huecos de una especialidad en una semana",
      needs: ["especialidad", "semana"],
      ms: 520,
      args: (r) => ({
        especialidad: r.pick(["dermatología", "trauma", "pediatría", "ojos"]),
        semana: r.between(46, 52),
        centro: r.pick(["norte", "sur", "centro"]),
      }),
      result: (_, r) =>
        Array.from({ length: 3 }, () => ({ dia: day(r), hora: `${r.between(9, 19)}:30`, id: r.hex(6) })),
    },
    {
      name: "reservar_cita",
      says: "Reserva un hueco",
      needs: ["hueco", "paciente"],
      ms: 430,
      args: (r) => ({ hueco: r.hex(6), paciente: patient(r) }),
      result: (a, r) => ({ cita: `c-${r.digits(6)}`, hueco: a.hueco, estado: "reservada" }),
    },
    {
      name: "resultado_laboratorio",
      says: "Estado de un análisis",
      needs: ["peticion"],
      ms: 350,
      args: (r) => ({ peticion: `lab-${r.digits(6)}` }),
      result: (a, r) => ({ peticion: a.peticion, listo: true, fecha: day(r), parametros: r.between(4, 30) }),
    },
    {
      name: "consultar_seguro",
      says: "Cobertura de un acto",
      needs: ["poliza", "acto"],
      ms: 900,
      args: (r) => ({ poliza: `${r.digits(8)}`, acto: r.pick(["consulta", "resonancia", "análisis"]) }),
      result: (a, r) => ({ ...a, cubierto: true, copago_eur: r.between(0, 25) }),
    },
    {
      name: "enviar_sms",
      says: "Envía un SMS al paciente",
      needs: ["paciente", "texto"],
      ms: 260,
      args: (r) => ({ paciente: patient(r), texto: `Su cita: ${day(r)}` }),
      result: (_, r) => ({ enviado: true, id: r.hex(8) }),
    },
  ],
};
