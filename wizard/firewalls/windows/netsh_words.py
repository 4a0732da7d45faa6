"""The words that netsh prints in the languages that were seen, by what they mean. A word that is not here is unknown.

Labels and values are translated, and not always the same way (French has two sets); `LocalIP`, `RemotePort`, `LocalSubnet`,
`RPC`, `TCP` and `BlockInbound` are English everywhere. German, Spanish, French, Portuguese, Russian, Japanese, Chinese and
English were read from real output or from tests of other projects; Italian, Polish, Dutch and Czech are from memory.
"""

from __future__ import annotations

from typing import TypeVar

from wizard.model.windows import Direction, ProfileName, RuleAction

T = TypeVar("T")


def _listed(words: str) -> frozenset[str]:
    return frozenset(word.strip().casefold() for word in words.split("|"))


def _words(table: dict[T, str]) -> dict[str, T]:
    return {word: meaning for meaning, words in table.items() for word in _listed(words)}


LABELS = _words({
    "name": "Rule Name|Regelname|Nombre de regla|Nom de la règle|Nome da Regra|Имя правила|規則名|规则名称|規則名稱|"
            "Nome regola|Nazwa reguły|Naam van regel|Název pravidla",
    "description": "Description|Beschreibung|Descripción|Descrição|Описание|説明|描述|Descrizione|Opis",
    "enabled": "Enabled|Aktiviert|Habilitada|Habilitado|Activé|Activée|Включено|有効|启用|已启用|已啟用|Attivata|Włączone",
    "direction": "Direction|Richtung|Dirección|Sens|Direção|Направление|方向|Direzione|Kierunek",
    "profiles": "Profiles|Profile|Perfiles|Profils|Perfis|Профили|プロファイル|配置文件|設定檔|Profili",
    "group": "Grouping|Gruppierung|Agrupamiento|Agrupación|Groupement|Regroupement|Agrupamento|Группировка|"
            "グループ|グループ化|分组|群組|Raggruppamento",
    "local-ip": "LocalIP|Lokales IP|Lokale IP|IP locale|Локальный IP-адрес|ローカル IP|本地 IP|本機 IP",
    "remote-ip": "RemoteIP|Remote-IP|IP distante|Удаленный IP-адрес|Удалённый IP-адрес|リモート IP|远程 IP|遠端 IP",
    "protocol": "Protocol|Protokoll|Protocolo|Protocole|Протокол|プロトコル|协议|通訊協定|Protocollo|Protokół",
    "local-port": "LocalPort|Lokaler Port|Port local|Локальный порт|ローカル ポート|本地端口|本機連接埠",
    "remote-port": "RemotePort|Remoteport|Port distant|Удаленный порт|Удалённый порт|リモート ポート|远程端口|遠端連接埠",
    "edge": "Edge traversal|Edgeausnahme|Cruce seguro del perímetro|Travessia da borda|エッジ トラバーサル|边缘遍历|"
            "Обход узлов|Traversée latérale",
    "program": "Program|Programm|Programa|Programme|Программа|プログラム|程序|程式|Programma",
    "service": "Service|Dienst|Servicio|Serviço|Служба|サービス|服务|服務|Servizio",
    "interface-types": "InterfaceTypes|Schnittstellentypen|Тип интерфейса|インターフェイスの種類|接口类型",
    "security": "Security|Sicherheit|Seguridad|Segurança|Sécurité|Безопасность|セキュリティ|安全",
    "source": "Rule source|Regelquelle|Origen de regla|Source de la règle|Origem da regra|Источник правила|"
            "規則のソース|规则源",
    "action": "Action|Aktion|Acción|Ação|Действие|操作|動作|Azione|Akcja",
})  # fmt: skip

ANY = _listed("Any|Beliebig|Cualquiera|Tout|Tous|Toutes|Qualquer|Любой|Любые|任意|任何|Qualsiasi|Dowolny|Dowolne")
YES = _listed("Yes|Ja|Sí|Si|Oui|Sim|Да|はい|是|Sì|Tak|Ano")
NO = _listed("No|Nein|Non|Não|Нет|いいえ|否|Nie|Nee|Ne")

DIRECTIONS = _words({
    Direction.IN: "In|Ein|Dentro|Entrée|Entrante|Entrada|Входящие|Входящее|Входящий|入力|入|入站|輸入",
    Direction.OUT: "Out|Aus|Fuera|Sortie|Saída|Исходящие|Исходящее|Исходящий|出力|出|出站|輸出",
})  # fmt: skip
ACTIONS = _words({
    RuleAction.ALLOW: "Allow|Zulassen|Permitir|Autoriser|Разрешить|許可|允许|允許|Consenti|Zezwalaj",
    RuleAction.BLOCK: "Block|Blocken|Blockieren|Bloquear|Bloquer|Блокировать|ブロック|阻止|封鎖|Blocca|Blokuj",
    RuleAction.BYPASS: "Bypass",
})  # fmt: skip
PROFILES = _words({
    ProfileName.DOMAIN: "Domain|Domäne|Dominio|Domaine|Domínio|Домен|Доменный|ドメイン|域|網域",
    ProfileName.PRIVATE: "Private|Privat|Privada|Privado|Privé|Particular|Частный|プライベート|专用|私人",
    ProfileName.PUBLIC: "Public|Öffentlich|Pública|Público|Общий|Публичный|パブリック|公用|公開",
})  # fmt: skip
